from edge.pipeline.lateness import TOLD_AFTER, TOLD_S, LateAnswers


class Clock:
    now_s = 0.0

    def __call__(self):
        return round(1e9 * self.now_s)


def late(times, clock):
    answers = LateAnswers(clock)
    for _ in range(times):
        answers.late()
    return answers


def test_some_late_answers_are_counted_and_not_told():
    answers = late(TOLD_AFTER - 1, Clock())
    assert (answers.count, answers.degraded()) == (TOLD_AFTER - 1, ())


def test_when_every_answer_is_late_it_is_told_with_their_number():
    (sentence,) = late(TOLD_AFTER, Clock()).degraded()
    assert f"its newest {TOLD_AFTER} answers" in sentence


def test_one_answer_in_time_ends_it_and_the_count_stays():
    answers = late(TOLD_AFTER, Clock())
    answers.in_time()
    assert (answers.count, answers.degraded()) == (TOLD_AFTER, ())


def test_after_a_while_without_answers_it_is_told_no_more():
    clock = Clock()
    answers = late(TOLD_AFTER, clock)
    clock.now_s = TOLD_S - 1
    assert answers.degraded() != ()
    clock.now_s = TOLD_S + 1
    assert answers.degraded() == ()
