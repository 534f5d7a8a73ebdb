"""The typefaces that the simulated cards are printed in: an extra of this package, which nothing else needs."""

from edge.errors import SourceError

try:
    import font_amatic_sc
    import font_caladea
    import font_fredoka_one
    import font_hanken_grotesk
    import font_intuitive
    import font_manrope
    import font_source_serif_pro
except ImportError as cause:
    raise SourceError(
        f"the simulator needs its typefaces ({cause}); in the program's folder: pip install '.[simulator]'"
    ) from cause

TITLE_FONTS: tuple[str, ...] = (
    font_amatic_sc.AmaticSCBold,
    font_caladea.CaladeaBold,
    font_caladea.CaladeaBoldItalic,
    font_fredoka_one.FredokaOne,
    font_hanken_grotesk.HankenGroteskBold,
    font_hanken_grotesk.HankenGroteskBoldItalic,
    font_intuitive.Intuitive,
    font_manrope.ManropeExtraBold,
    font_manrope.ManropeSemiBold,
    font_source_serif_pro.SourceSerifProBlack,
    font_source_serif_pro.SourceSerifProSemibold,
    font_source_serif_pro.SourceSerifProBoldIt,
)
BODY_FONTS: tuple[str, ...] = (
    font_caladea.Caladea,
    font_hanken_grotesk.HankenGrotesk,
    font_hanken_grotesk.HankenGroteskMedium,
    font_manrope.Manrope,
    font_manrope.ManropeMedium,
    font_source_serif_pro.SourceSerifPro,
    font_source_serif_pro.SourceSerifProSemibold,
)
FLAVOR_FONTS: tuple[str, ...] = (
    font_caladea.CaladeaItalic,
    font_hanken_grotesk.HankenGroteskItalic,
    font_source_serif_pro.SourceSerifProIt,
    font_source_serif_pro.SourceSerifProLightIt,
)
