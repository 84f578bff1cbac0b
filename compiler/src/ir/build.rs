//! Making functions.
//!
//! The builder keeps a stack of open blocks and appends to the innermost. It computes result types and asserts that operands fit (a misuse is our bug, found by
//! debug assertions and by `verify`). It can be rolled back to a mark, which is how lowering retries a loop whose variable types had to widen.

use super::*;

/// Appends instructions to a function under construction.
#[derive(Debug)]
pub struct Builder {
    function: Function,
    open: Vec<Block>,
    span: Span,
}

/// A point to roll back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    insts: usize,
    slots: usize,
    arrays: usize,
    labels: u32,
    raises: usize,
    params: usize,
    depth: usize,
    length: usize,
}

impl Builder {
    /// A builder for an empty function.
    pub fn new(name: impl Into<String>, kind: Kind) -> Builder {
        Builder {
            function: Function {
                name: name.into(),
                kind,
                params: Vec::new(),
                results: Vec::new(),
                slots: Vec::new(),
                arrays: Vec::new(),
                insts: Vec::new(),
                types: Vec::new(),
                spans: Vec::new(),
                raises: Vec::new(),
                labels: 0,
                body: Vec::new(),
                routines: Vec::new(),
                sources: Sources::default(),
            },
            open: vec![Vec::new()],
            span: Span::default(),
        }
    }

    /// The span that instructions get from now on. Returns the former one.
    pub fn at(&mut self, span: Span) -> Span {
        std::mem::replace(&mut self.span, span)
    }

    /// The function so far.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Appends an instruction and gives its handle.
    pub fn push(&mut self, inst: Inst) -> Value {
        let ty = self.type_of(&inst);
        let value = Value(self.function.insts.len() as u32);
        self.function.insts.push(inst);
        self.function.types.push(ty);
        self.function.spans.push(self.span);
        self.open.last_mut().expect("an open block").push(value);
        value
    }

    fn type_of(&self, inst: &Inst) -> Option<ScalarType> {
        let f = &self.function;
        match inst {
            Inst::Const(c) => Some(c.ty()),
            Inst::Param(i) => match &f.params[*i as usize] {
                Param::Scalar { ty, .. } => Some(*ty),
                Param::Array { .. } => panic!("parameter {i} is an array"),
            },
            Inst::Apply { op, args } => {
                let types: SmallVec<[ScalarType; 3]> = args.iter().map(|a| f.ty(*a)).collect();
                let result = op.result(&types);
                assert!(result.is_some(), "{} is not defined for {types:?}", op.name());
                result
            }
            Inst::Geometry(_) => Some(ScalarType::I32),
            Inst::Extent { .. } => Some(ScalarType::I64),
            Inst::Get(slot) => Some(f.slot(*slot).ty),
            Inst::Atomic { array, part, .. } => {
                let elem = f.array(*array).ty.elem;
                Some(if *part == Part::Whole { elem } else { elem.part() })
            }
            Inst::Warp { op, args } => {
                let types: SmallVec<[ScalarType; 3]> = args.iter().map(|a| f.ty(*a)).collect();
                let result = op.result(&types);
                assert!(result.is_some(), "{} is not defined for {types:?}", op.name());
                result.flatten()
            }
            Inst::Barrier { meeting, .. } => meeting.counts().then_some(ScalarType::I32),
            Inst::Load { array, part, .. } => {
                let elem = f.array(*array).ty.elem;
                Some(if *part == Part::Whole && elem.is_complex() { elem } else { elem.held() })
            }
            _ => None,
        }
    }

    /// A constant.
    pub fn constant(&mut self, value: Scalar) -> Value {
        self.push(Inst::Const(value))
    }

    /// An int64 constant.
    pub fn int(&mut self, value: i64) -> Value {
        self.constant(Scalar::int(ScalarType::I64, value as i128))
    }

    /// An operation.
    pub fn apply(&mut self, op: Op, args: &[Value]) -> Value {
        self.push(Inst::Apply { op, args: SmallVec::from_slice(args) })
    }

    /// A conversion; nothing if the type is right already.
    pub fn cast(&mut self, value: Value, to: ScalarType) -> Value {
        if self.function.ty(value) == to { value } else { self.apply(Op::Cast(to), &[value]) }
    }

    /// A new slot.
    pub fn slot(&mut self, name: impl Into<String>, ty: ScalarType) -> Slot {
        self.function.slots.push(SlotInfo { name: name.into(), ty });
        Slot(self.function.slots.len() as u32 - 1)
    }

    /// A new scalar parameter; gives the index for [`Inst::Param`].
    pub fn scalar_param(&mut self, name: impl Into<String>, ty: ScalarType) -> u32 {
        self.function.params.push(Param::Scalar { name: name.into(), ty });
        self.function.params.len() as u32 - 1
    }

    /// A new array parameter.
    pub fn array_param(&mut self, name: impl Into<String>, ty: ArrayType) -> Array {
        let name = name.into();
        let array = self.array(name.clone(), ty, None);
        self.function.params.push(Param::Array { name, array });
        array
    }

    /// A new array that is no parameter (a constant).
    pub fn array(&mut self, name: String, ty: ArrayType, constant: Option<Arc<ConstantArray>>) -> Array {
        self.function.arrays.push(ArrayInfo { name, ty, constant, storage: None });
        Array(self.function.arrays.len() as u32 - 1)
    }

    /// Memory of the kernel's own.
    pub fn stored_array(&mut self, name: String, ty: ArrayType, storage: Storage) -> Array {
        self.function.arrays.push(ArrayInfo { name, ty, constant: None, storage: Some(storage) });
        Array(self.function.arrays.len() as u32 - 1)
    }

    /// A new exception.
    pub fn raise(&mut self, raise: Raise) -> u32 {
        self.function.raises.push(raise);
        self.function.raises.len() as u32 - 1
    }

    /// A new label.
    pub fn label(&mut self) -> Label {
        self.function.labels += 1;
        Label(self.function.labels - 1)
    }

    /// Reads a slot.
    pub fn get(&mut self, slot: Slot) -> Value {
        self.push(Inst::Get(slot))
    }

    /// Assigns a slot.
    pub fn set(&mut self, slot: Slot, value: Value) {
        debug_assert_eq!(self.function.slot(slot).ty, self.function.ty(value));
        self.push(Inst::Set(slot, value));
    }

    /// Opens a block; what is pushed goes there until [`Builder::close`].
    pub fn open(&mut self) {
        self.open.push(Vec::new());
    }

    /// Closes the innermost block and gives it, to be put into a construct.
    pub fn close(&mut self) -> Block {
        assert!(self.open.len() > 1, "the body itself is closed by finish()");
        self.open.pop().expect("an open block")
    }

    /// Whether the innermost block has ended with a terminator, so that nothing more may be pushed.
    pub fn ended(&self) -> bool {
        let last = self.open.last().and_then(|b| b.last());
        last.is_some_and(|v| self.function.inst(*v).is_terminator())
    }

    /// A point to come back to by [`Builder::rollback`].
    pub fn mark(&self) -> Mark {
        let f = &self.function;
        Mark {
            insts: f.insts.len(),
            slots: f.slots.len(),
            arrays: f.arrays.len(),
            labels: f.labels,
            raises: f.raises.len(),
            params: f.params.len(),
            depth: self.open.len(),
            length: self.open.last().expect("an open block").len(),
        }
    }

    /// Forgets all that was made since the mark. Blocks opened since are dropped; blocks open at the mark must be open still.
    pub fn rollback(&mut self, mark: Mark) {
        let f = &mut self.function;
        f.insts.truncate(mark.insts);
        f.types.truncate(mark.insts);
        f.spans.truncate(mark.insts);
        f.slots.truncate(mark.slots);
        f.arrays.truncate(mark.arrays);
        f.labels = mark.labels;
        f.raises.truncate(mark.raises);
        f.params.truncate(mark.params);
        self.open.truncate(mark.depth);
        self.open.last_mut().expect("an open block").truncate(mark.length);
    }

    /// Puts instructions just before a terminator that stands in a block already closed into its construct. Looks at instructions made
    /// since `since` only.
    ///
    /// # Panics
    /// If no such block ends with the terminator.
    pub fn insert_before(&mut self, terminator: Value, since: usize, block: Block) {
        if block.is_empty() {
            return;
        }
        for inst in &mut self.function.insts[since..] {
            for b in inst.blocks_mut() {
                if b.last() == Some(&terminator) {
                    let at = b.len() - 1;
                    b.splice(at..at, block);
                    return;
                }
            }
        }
        panic!("the terminator stands in no closed block");
    }

    /// Appends instructions to the body of a scope.
    ///
    /// # Panics
    /// If it is no scope.
    pub fn extend_scope(&mut self, scope: Value, block: Block) {
        match &mut self.function.insts[scope.index()] {
            Inst::Scope { body, .. } => body.extend(block),
            other => panic!("no scope: {other:?}"),
        }
    }

    /// Appends instructions made in a block that was closed without being put into a construct.
    pub fn append(&mut self, block: Block) {
        self.open.last_mut().expect("an open block").extend(block);
    }

    /// Ends the function.
    pub fn finish(mut self, results: Vec<Slot>, sources: Sources) -> Function {
        assert_eq!(self.open.len(), 1, "unclosed blocks");
        self.function.body = self.open.pop().expect("the body");
        self.function.results = results;
        self.function.sources = sources;
        self.function
    }
}
