// A sound for each kind of row: new rises, again is two equal notes, doubtful is one low note, unknown falls.

const NOTES = {
  new: [[660, 0, 0.1], [990, 0.1, 0.18]],
  again: [[660, 0, 0.08], [660, 0.14, 0.12]],
  doubtful: [[330, 0, 0.22]],
  unknown: [[440, 0, 0.12], [262, 0.13, 0.28]],
};
const LOUDNESS = 0.18;

let context = null;
export let on = localStorage.getItem("sound") === "on";

// Browsers let a page sound only after a touch or a key.
export function turn(wanted) {
  on = wanted;
  localStorage.setItem("sound", on ? "on" : "off");
  if (on) wake();
}

export function wake() {
  if (!on) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

export function play(kind) {
  if (!on || context?.state !== "running") return;
  for (const [frequency, delay, length] of NOTES[kind] ?? []) {
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const start = context.currentTime + delay;
    oscillator.frequency.value = frequency;
    oscillator.type = "triangle";
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.012);
    gain.gain.exponentialRampToValueAtTime(0.001, start + length);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + length);
  }
}
