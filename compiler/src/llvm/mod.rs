//! Verified IR to machine code through LLVM: the only folder that names inkwell.
//!
//! API (bodies follow): everything else in the compiler is target-free.

use std::sync::Arc;

use crate::abi::{BlocksFn, LoopFn, Site};
use crate::ir::Verified;
use crate::types::ScalarType;

/// How a block's threads lie in warps; compiled code is specialised by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockClass {
    /// blockDim.x is a multiple of 32: a warp is a run of x.
    Rows,
    /// Anything else: lane coordinates are computed.
    Any,
}

impl BlockClass {
    /// The class of a block.
    pub fn of(block: [u32; 3]) -> BlockClass {
        if block[0] % 32 == 0 { BlockClass::Rows } else { BlockClass::Any }
    }
}

/// Operand types of a scalar function before complex values were split.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Inputs.
    pub inputs: Vec<ScalarType>,
    /// Outputs.
    pub outputs: Vec<ScalarType>,
}

/// Threads that one pass of the code computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lanes {
    /// One thread at a time, every branch a branch.
    One,
    /// A warp of 32 as SIMD vectors.
    Warp,
}

/// What to make of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A kernel ([`BlocksFn`]).
    Blocks {
        /// Lanes.
        lanes: Lanes,
        /// Class of the block.
        class: BlockClass,
        /// Check indexes (else they only wrap).
        check_bounds: bool,
    },
    /// A loop over elements ([`LoopFn`]).
    Loop {
        /// Lanes.
        lanes: Lanes,
        /// Operand types.
        signature: Signature,
        /// Bit i: input i is one element for all.
        uniform: u64,
        /// Raise only the IEEE flags that the elements' own computations raise.
        exact_flags: bool,
    },
}

/// The processor to compile for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cpu {
    /// LLVM's name of it.
    pub name: String,
    /// LLVM's feature string.
    pub features: String,
}

impl Cpu {
    /// This machine's processor, or the one that `VERDIGRIS_CPU` named when the host passed it on.
    ///
    /// # Errors
    /// A name LLVM does not know, or a processor with instructions this machine lacks.
    pub fn new(name: Option<&str>) -> Result<Cpu, Error> {
        let _ = name;
        todo!()
    }

    /// Widest SIMD registers it has, in bits.
    pub fn simd_bits(&self) -> u32 {
        todo!()
    }
}

/// Why no code came out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The processor name is unknown to LLVM.
    UnknownCpu(String),
    /// The named processor has features this machine lacks.
    CpuNotHere(String),
    /// A fault of the compiler itself, with the IR.
    Bug(String),
}

/// Compiled code. Freed with its last `Arc`.
#[derive(Debug)]
pub struct Code {
    sites: Vec<Site>,
}

impl Code {
    /// The entry of code compiled as [`Shape::Blocks`].
    ///
    /// # Panics
    /// If it was compiled as a loop.
    pub fn blocks(&self) -> BlocksFn {
        todo!()
    }

    /// The entry of code compiled as [`Shape::Loop`].
    ///
    /// # Panics
    /// If it was compiled as a kernel.
    pub fn elements(&self) -> LoopFn {
        todo!()
    }

    /// The places that may fail, by the index in [`crate::abi::Failure::site`].
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Textual assembly or LLVM IR, recompiled for people to read.
    pub fn size(&self) -> usize {
        todo!()
    }
}

/// Compiles, or finds in the cache, the code of a function.
///
/// # Errors
/// [`Error::Bug`] only; anything wrong with the user's function has been found before.
pub fn compile(ir: &Verified, shape: &Shape, cpu: &Cpu) -> Result<Arc<Code>, Error> {
    let _ = (ir, shape, cpu);
    todo!()
}
