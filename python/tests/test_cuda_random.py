"""xoroshiro128+ in kernels: the numbers of Numba's `cuda.random`, recorded from numba 0.68.1 in its simulator."""

import numpy as np
import pytest

from verdigris import cuda
from verdigris.cuda import random

SEEDS = ((0, 0), (1, 0), (12345678901234567890, 5))
RECORDED = {
    "uniform_float64": [
        0.7666216164272853,
        0.8435220914222922,
        0.5122493889235586,
        0.9253869203296229,
        0.4206429501807405,
        0.2280086839401544,
        0.1331231503445619,
        0.37805969057650834,
        0.8763487055503916,
        0.21028068449282,
        0.8710908939770295,
        0.4541151748849914,
        0.34730927005621703,
        0.988697156214302,
        0.7929745123838745,
        0.2771191974139795,
        0.27521688038724434,
        0.38397565353863883,
    ],
    "uniform_float32": [
        0.7666215896606445,
        0.8435220718383789,
        0.5122494101524353,
        0.925386905670166,
        0.4206429421901703,
        0.2280086874961853,
        0.13312314450740814,
        0.3780596852302551,
        0.8763487339019775,
        0.21028068661689758,
        0.8710908889770508,
        0.4541151821613312,
        0.34730926156044006,
        0.9886971712112427,
        0.7929745316505432,
        0.2771191895008087,
        0.27521687746047974,
        0.38397565484046936,
    ],
    "normal_float64": [
        0.4041737511472965,
        -0.6666599974408761,
        1.0318747229739558,
        0.8079244934522453,
        0.18126536584420816,
        -0.17380544595901246,
        -1.4470637594997138,
        -1.660347780004031,
        0.1268970458558129,
        1.1530496229151137,
        -0.5036907326118338,
        -0.4430193157356144,
        1.4506652868557017,
        1.1493497484548458,
        -0.11549904962954523,
        -1.215399419097495,
        -1.1980861783469268,
        1.7665045479980928,
    ],
    "normal_float32": [
        0.40417373180389404,
        -0.666659951210022,
        1.0318748950958252,
        0.8079245090484619,
        0.18126530945301056,
        -0.17380544543266296,
        -1.44706392288208,
        -1.660347819328308,
        0.12689702212810516,
        1.1530495882034302,
        -0.5036907196044922,
        -0.4430192708969116,
        1.4506653547286987,
        1.1493496894836426,
        -0.11549907922744751,
        -1.2153995037078857,
        -1.1980862617492676,
        1.7665045261383057,
    ],
}


@pytest.mark.parametrize("name", RECORDED)
def test_numbers_are_numbas(name):
    draw = getattr(random, f"xoroshiro128p_{name}")

    @cuda.jit
    def kernel(states, out):
        i = cuda.grid(1)
        if i < out.shape[0]:
            for j in range(out.shape[1]):
                out[i, j] = draw(states, i)

    dtype = np.float32 if name.endswith("32") else np.float64
    drawn = []
    for seed, start in SEEDS:
        states = random.create_xoroshiro128p_states(3, seed=seed, subsequence_start=start)
        out = np.zeros((3, 2), dtype)
        kernel[1, 32](states, out)
        drawn += out.ravel().tolist()
    if name.startswith("uniform"):
        assert drawn == RECORDED[name]
    else:
        np.testing.assert_allclose(drawn, RECORDED[name], rtol=1e-12 if dtype == np.float64 else 1e-5)


def test_states_are_subsequences():
    assert random.create_xoroshiro128p_states(3, seed=99).copy_to_host().tolist() == [
        (4824385676517010403, 4824385676517010403),
        (16612384304712596617, 5933005455580308442),
        (10180656609687246181, 7782375528260090626),
    ]
    many = random.create_xoroshiro128p_states(1000, seed=3).copy_to_host()
    late = random.create_xoroshiro128p_states(10, seed=3, subsequence_start=990).copy_to_host()
    assert many[990:].tolist() == late.tolist()
    assert len({tuple(s) for s in many.tolist()}) == 1000


def test_jump_and_seed_on_the_device():
    @cuda.jit
    def kernel(states):
        i = cuda.grid(1)
        if i < states.size:
            random.init_xoroshiro128p_state(states, i, 99)
            for _ in range(i):
                random.xoroshiro128p_jump(states, i)

    states = cuda.device_array(4, random.xoroshiro128p_dtype)
    kernel[1, 32](states)
    np.testing.assert_array_equal(states.copy_to_host(), random.create_xoroshiro128p_states(4, seed=99).copy_to_host())
    assert states.dtype == random.xoroshiro128p_type.np_dtype
    assert random.create_xoroshiro128p_states(0, seed=1).shape == (0,)
