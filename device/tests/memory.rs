//! Memory given back is kept for reuse, within bounds. One test, since what is kept is the process's.

use verdigris_device::memory::{self, Buffer, KEPT_BYTES};

#[test]
fn large_blocks_are_kept_within_bounds_and_come_back_clean() {
    const BYTES: usize = 3 << 20;
    let first = Buffer::zeroed(BYTES).unwrap();
    let address = first.pointer() as usize;
    drop(first);
    assert!(memory::kept_bytes() >= BYTES);

    // A little smaller fits; zeroed means zeroed also the second time.
    let array = verdigris_device::array::Array::over(
        Buffer::zeroed(BYTES).unwrap(),
        0,
        verdigris_device::layout::Layout::contiguous(&[BYTES], 1, verdigris_device::layout::Order::C).unwrap(),
    )
    .unwrap();
    array.copy_from_slice(&vec![7; BYTES]).unwrap();
    drop(array);
    let again = Buffer::zeroed(BYTES - 1000).unwrap();
    assert_eq!(again.pointer() as usize, address);
    assert_eq!(again.bytes(), BYTES - 1000);
    let layout = verdigris_device::layout::Layout::contiguous(&[BYTES - 1000], 1, verdigris_device::layout::Order::C).unwrap();
    let array = verdigris_device::array::Array::over(again, 0, layout).unwrap();
    let mut bytes = vec![1; BYTES - 1000];
    array.copy_to_slice(&mut bytes).unwrap();
    assert!(bytes.iter().all(|b| *b == 0));
    drop(array);

    // A much smaller one does not take it, nor does a larger one.
    let (small, large) = (Buffer::zeroed(BYTES / 2).unwrap(), Buffer::zeroed(BYTES * 2).unwrap());
    assert!(small.pointer() as usize != address && large.pointer() as usize != address);

    let many: Vec<_> = (0..50).map(|_| Buffer::zeroed(BYTES).unwrap()).collect();
    drop(many);
    let kept = memory::kept_bytes();
    assert!(kept <= KEPT_BYTES && kept > KEPT_BYTES - 2 * BYTES, "{kept}");
    memory::release();
    assert_eq!(memory::kept_bytes(), 0);
    drop((small, large));
}
