//! Grid and block, within CUDA's limits.
//!
//! A [`Config`] has been checked: whoever holds one may take the extents as they are. Knows nothing of kernels.

use crate::error::{Axis, LaunchError};

/// Most threads of a block.
pub const BLOCK_THREADS: i64 = 1024;
/// Most threads of a block along x, y, z.
pub const BLOCK_LIMITS: [i64; 3] = [1024, 1024, 64];
/// Most blocks of a grid along x, y, z.
pub const GRID_LIMITS: [i64; 3] = [i32::MAX as i64, 65_535, 65_535];

/// Most bytes of dynamic shared memory of a block.
pub const SHARED_LIMIT: i64 = 16 << 20;
/// Most bytes that one thread of the host lends a kernel: shared memory, local arrays, and what is kept across barriers.
pub const MEMORY_LIMIT: u64 = 1 << 30;

/// How many blocks of how many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    grid: [u32; 3],
    block: [u32; 3],
    shared: u32,
}

/// One to three extents, x first; those not given are 1.
pub trait Extents {
    /// All three.
    fn extents(self) -> [i64; 3];
}

impl Extents for u32 {
    fn extents(self) -> [i64; 3] {
        [self.into(), 1, 1]
    }
}

impl Extents for (u32, u32) {
    fn extents(self) -> [i64; 3] {
        [self.0.into(), self.1.into(), 1]
    }
}

impl Extents for (u32, u32, u32) {
    fn extents(self) -> [i64; 3] {
        [self.0.into(), self.1.into(), self.2.into()]
    }
}

impl Extents for [i64; 3] {
    fn extents(self) -> [i64; 3] {
        self
    }
}

impl Config {
    /// Checks a grid of blocks.
    ///
    /// # Errors
    /// The first limit that is not kept.
    pub fn new(grid: impl Extents, block: impl Extents) -> Result<Config, LaunchError> {
        let (grid, block) = (grid.extents(), block.extents());
        for (i, axis) in [Axis::X, Axis::Y, Axis::Z].into_iter().enumerate() {
            match grid[i] {
                blocks if blocks < 1 => return Err(LaunchError::GridEmpty { axis, blocks }),
                blocks if blocks > GRID_LIMITS[i] => return Err(LaunchError::GridTooLarge { axis, blocks, limit: GRID_LIMITS[i] }),
                _ => {}
            }
            match block[i] {
                threads if threads < 1 => return Err(LaunchError::BlockEmpty { axis, threads }),
                threads if threads > BLOCK_LIMITS[i] => return Err(LaunchError::BlockAxisTooLarge { axis, threads, limit: BLOCK_LIMITS[i] }),
                _ => {}
            }
        }
        if block.iter().product::<i64>() > BLOCK_THREADS {
            return Err(LaunchError::BlockTooLarge { block, limit: BLOCK_THREADS });
        }
        // Every extent is within its limit, all of which fit.
        Ok(Config { grid: grid.map(|n| n as u32), block: block.map(|n| n as u32), shared: 0 })
    }

    /// The same with so many bytes of dynamic shared memory a block.
    ///
    /// # Errors
    /// Too many, or a negative number.
    pub fn with_shared(self, bytes: i64) -> Result<Config, LaunchError> {
        if !(0..=SHARED_LIMIT).contains(&bytes) {
            return Err(LaunchError::SharedMemory { bytes, limit: SHARED_LIMIT });
        }
        Ok(Config { shared: bytes as u32, ..self })
    }

    /// Bytes of dynamic shared memory of a block.
    pub fn shared(&self) -> u32 {
        self.shared
    }

    /// Threads of a block.
    pub fn threads(&self) -> u32 {
        self.block.iter().product()
    }

    /// One thread for each of `elements` elements, in blocks of `block` threads along x.
    ///
    /// # Errors
    /// Too many, none, or a block too large.
    pub fn for_elements(elements: u64, block: u32) -> Result<Config, LaunchError> {
        let blocks = elements.div_ceil(u64::from(block.max(1)));
        Config::new([i64::try_from(blocks).unwrap_or(i64::MAX), 1, 1], block)
    }

    /// Blocks along x, y, z.
    pub fn grid(&self) -> [u32; 3] {
        self.grid
    }

    /// Threads of a block along x, y, z.
    pub fn block(&self) -> [u32; 3] {
        self.block
    }

    /// Blocks in all.
    pub fn blocks(&self) -> u64 {
        self.grid.iter().map(|&n| u64::from(n)).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_cudas_and_named() {
        assert!(Config::new((i32::MAX as u32, 65_535, 65_535), (16, 1, 64)).is_ok());
        let text = |grid: [i64; 3], block: [i64; 3]| Config::new(grid, block).unwrap_err().to_string();
        assert_eq!(text([0, 1, 1], [1, 1, 1]), "gridDim.x is 0: a grid has at least one block along each axis");
        assert_eq!(text([1, 1, 65_536], [1, 1, 1]), "gridDim.z is 65536: the limit is 65535 blocks along z");
        assert_eq!(text([1 << 31, 1, 1], [1, 1, 1]), "gridDim.x is 2147483648: the limit is 2147483647 blocks along x");
        assert_eq!(text([1, 1, 1], [2000, 1, 1]), "blockDim.x is 2000: the limit is 1024 threads along x");
        assert_eq!(text([1, 1, 1], [1, 1, 65]), "blockDim.z is 65: the limit is 64 threads along z");
        assert_eq!(text([1, 1, 1], [1, -3, 1]), "blockDim.y is -3: a block has at least one thread along each axis");
        assert_eq!(text([1, 1, 1], [32, 33, 1]), "a block of (32, 33, 1) has 1056 threads: the limit is 1024 threads a block");
    }

    #[test]
    fn a_grid_for_elements_covers_them() {
        assert_eq!(Config::for_elements(1000, 256).unwrap().grid(), [4, 1, 1]);
        assert_eq!(Config::for_elements(1024, 256).unwrap().grid(), [4, 1, 1]);
        assert!(Config::for_elements(0, 256).is_err());
        assert!(Config::for_elements(u64::MAX, 1).is_err());
    }
}
