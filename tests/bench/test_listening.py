from holdfast.bench.experiments.listeners import delays_of
from holdfast.bench.load.listening import Heard


def test_a_change_is_heard_with_the_first_frame_that_tells_of_its_version():
    heard = Heard(frames={3: {1_100: 2, 1_130: 1}, 5: {1_200: 3}})
    assert delays_of(heard, {2: 1.0, 3: 1.05, 5: 1.19}) == {100: 2, 130: 1, 50: 2, 80: 1, 10: 3}


def test_a_change_that_nobody_heard_of_has_no_delay():
    assert delays_of(Heard(frames={3: {1_100: 2}}), {4: 1.0}) == {}
