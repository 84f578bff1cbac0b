//! Device arrays: copies of every shape, views, memory.
#![allow(unsafe_code)]

use verdigris_device::array::Array;
use verdigris_device::copy_strided;
use verdigris_device::layout::{Layout, Order};
use verdigris_device::memory::{ALIGNMENT, Buffer};

/// A small generator, so that the cases are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }
}

/// A strided host array whose elements are all distinct places: bytes, offset of the first element, layout.
fn host(numbers: &mut Numbers, shape: &[usize], itemsize: usize) -> (usize, usize, Layout) {
    let mut axes: Vec<usize> = (0..shape.len()).collect();
    for i in (1..axes.len()).rev() {
        axes.swap(i, numbers.below(i + 1));
    }
    let (mut strides, mut step, mut offset) = (vec![0isize; shape.len()], itemsize, 0);
    for axis in axes {
        step *= 1 + numbers.below(2);
        let backwards = numbers.below(3) == 0;
        strides[axis] = if backwards { -(step as isize) } else { step as isize };
        if backwards {
            offset += step * shape[axis].saturating_sub(1);
        }
        step *= shape[axis].max(1);
    }
    (step, offset, Layout::strided(shape, &strides, itemsize).unwrap())
}

/// Byte offsets of the elements in C order.
fn offsets(layout: &Layout, base: usize) -> Vec<usize> {
    let mut all = vec![base as isize];
    for (&extent, &stride) in layout.shape().iter().zip(layout.strides()) {
        all = all.iter().flat_map(|&o| (0..extent as isize).map(move |i| o + i * stride)).collect();
    }
    all.into_iter().map(|o| o as usize).collect()
}

#[test]
fn strided_copies_move_each_element_to_its_index_and_nothing_else() {
    let mut numbers = Numbers(7);
    for case in 0..400 {
        let shape: Vec<usize> = (0..numbers.below(4)).map(|_| numbers.below(6)).collect();
        let itemsize = [1, 2, 3, 4, 8, 16, 24][numbers.below(7)];
        let (to_bytes, to_offset, to) = host(&mut numbers, &shape, itemsize);
        let (from_bytes, from_offset, from) = host(&mut numbers, &shape, itemsize);
        let source: Vec<u8> = (0..from_bytes).map(|i| (i * 7 + case) as u8).collect();
        let mut target = vec![0xaa; to_bytes];
        let mut expected = target.clone();
        for (t, f) in offsets(&to, to_offset).into_iter().zip(offsets(&from, from_offset)) {
            expected[t..t + itemsize].copy_from_slice(&source[f..f + itemsize]);
        }
        // SAFETY: `host` made the layouts to lie in these two vectors.
        unsafe {
            copy_strided(&shape, itemsize, target.as_mut_ptr().add(to_offset), to.strides(), source.as_ptr().add(from_offset), from.strides());
        }
        assert_eq!(target, expected, "{to:?} from {from:?}");
    }
}

#[test]
fn large_copies_over_cores_are_whole() {
    let shape = [1021, 1777];
    let source: Vec<u32> = (0..1021 * 1777).collect();
    let layout = Layout::strided(&shape, &[4, 4 * 1021], 4).unwrap();
    // SAFETY: the layout covers exactly the vector.
    let array = unsafe { Array::from_host(source.as_ptr().cast(), &layout, Order::C) }.unwrap();
    let mut bytes = vec![0; array.layout().nbytes()];
    array.copy_to_slice(&mut bytes).unwrap();
    let right = bytes.chunks_exact(4).enumerate().all(|(i, b)| u32::from_ne_bytes(b.try_into().unwrap()) as usize == i % 1777 * 1021 + i / 1777);
    assert!(right);
    let mut back = vec![0u32; source.len()];
    // SAFETY: as above.
    unsafe { array.copy_to_host(back.as_mut_ptr().cast(), &layout) }.unwrap();
    assert_eq!(back, source);
}

#[test]
fn memory_is_aligned_zeroed_and_may_be_empty() {
    for bytes in [0, 1, 63, 4096] {
        let buffer = Buffer::zeroed(bytes).unwrap();
        assert_eq!((buffer.pointer() as usize % ALIGNMENT, buffer.bytes()), (0, bytes));
    }
    assert!(Buffer::zeroed(isize::MAX as usize - 64).is_err());
    let array = Array::zeroed(Layout::contiguous(&[3, 5], 2, Order::F).unwrap()).unwrap();
    let mut bytes = [1; 30];
    array.copy_to_slice(&mut bytes).unwrap();
    assert_eq!(bytes, [0; 30]);
    assert_eq!(array.copy_to_slice(&mut [0; 29]).unwrap_err().to_string(), "a slice of 29 bytes for an array of 30 bytes");
}

#[test]
fn views_share_memory_and_outlive_the_array() {
    let array = Array::zeroed(Layout::contiguous(&[4, 6], 1, Order::C).unwrap()).unwrap();
    array.copy_from_slice(&(0..24).collect::<Vec<u8>>()).unwrap();
    let column = array.index(1, 5).unwrap();
    let backwards = array.slice(0, 3, -3, 2).unwrap().transposed();
    array.copy_from_slice(&(100..124).collect::<Vec<u8>>()).unwrap();
    drop(array);
    let mut four = [0; 4];
    column.copy_to_slice(&mut four).unwrap();
    assert_eq!(four, [105, 111, 117, 123]);
    let mut twelve = [0; 12];
    backwards.copy_to_slice(&mut twelve).unwrap();
    assert_eq!(twelve, [118, 100, 119, 101, 120, 102, 121, 103, 122, 104, 123, 105]);
}

#[test]
fn copies_within_a_buffer_read_before_they_write() {
    let array = Array::zeroed(Layout::contiguous(&[6], 1, Order::C).unwrap()).unwrap();
    array.copy_from_slice(&[1, 2, 3, 4, 5, 6]).unwrap();
    let reversed = array.slice(0, 5, -1, 6).unwrap();
    // SAFETY: no other thread knows the array.
    unsafe { array.copy_from(&reversed) }.unwrap();
    let mut bytes = [0; 6];
    array.copy_to_slice(&mut bytes).unwrap();
    assert_eq!(bytes, [6, 5, 4, 3, 2, 1]);
    // SAFETY: as above.
    let refused = unsafe { array.copy_from(&array.slice(0, 0, 1, 5).unwrap()) };
    assert!(refused.unwrap_err().to_string().starts_with("cannot copy between shape [5]"));
}

#[test]
fn arrays_never_reach_outside_their_buffer() {
    let buffer = Buffer::zeroed(32).unwrap();
    let layout = Layout::contiguous(&[4], 8, Order::C).unwrap();
    assert!(Array::over(buffer.clone(), 0, layout.clone()).is_ok());
    assert!(Array::over(buffer.clone(), 8, layout).is_err());
    assert!(Array::over(buffer, 0, Layout::strided(&[2], &[-8], 8).unwrap()).is_err());
}
