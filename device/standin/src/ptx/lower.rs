//! A parsed module into a program: every name found, every operand a row.
//!
//! What an instruction means is in [`super::select`]; here are variables, scopes, and the order of blocks.

use std::collections::HashMap;

use super::order::order;
use super::parse::{Function, Instruction, Item, Kind, Module, Operand, Space, Ty, Variable};
use super::program::{At, CONSTANT, FUNCTIONS, Function as Made, Holds, NEGATED, Op, Program, Step, TRUE};

/// What a name is.
#[derive(Clone, Debug)]
pub(super) enum Symbol {
    Register(At, Ty),
    Predicate(Holds),
    /// An address in its own space.
    Address(Space, u64),
    /// A parameter of the kernel: its offset among all.
    Kernel(u64),
    /// A parameter of a call: its first row, and bytes.
    Handed(At, usize),
    Function(u32),
}

/// Variables in device memory: address and first bytes.
pub(super) type Data = Vec<(u64, Vec<u8>)>;

pub(super) type Made1<T> = Result<T, String>;

#[derive(Default)]
struct Scope {
    names: HashMap<String, Symbol>,
    /// Registers that are declared by the dozen: what their names begin with.
    families: Vec<(String, Ty)>,
}

/// A function that is being made.
pub(super) struct Builder<'m> {
    module: &'m HashMap<String, Symbol>,
    scopes: Vec<Scope>,
    constants: &'m mut Constants,
    rows: u32,
    predicates: u32,
    local: u64,
    blocks: Vec<Block>,
    labels: HashMap<String, usize>,
    targets: HashMap<String, Vec<String>>,
    pub(super) line: u32,
    pub(super) guard: Holds,
}

#[derive(Default)]
pub(super) struct Constants {
    rows: Vec<[u64; 32]>,
    known: HashMap<u64, At>,
}

#[derive(Default)]
struct Block {
    steps: Vec<Step>,
    end: End,
}

#[derive(Default)]
enum End {
    /// Goes on with what the text has next.
    #[default]
    Next,
    Jump(String),
    Branch(Holds, String),
    Switch(At, Vec<String>),
    Stop,
}

fn aligned(at: u64, to: usize) -> u64 {
    at.next_multiple_of(to.max(1) as u64)
}

/// Where variables of shared memory lie: the end of those before, and of those that are left open.
struct Shared {
    next: u64,
    total: u64,
}

impl Shared {
    fn place(&mut self, variable: &Variable) -> u64 {
        if variable.count == 0 {
            return self.total;
        }
        let at = aligned(self.next, variable.align);
        self.next = at + variable.bytes() as u64;
        at
    }
}

/// The program of a module, whose variables in device memory begin at an address, and what is in them.
pub(super) fn lower(module: &Module, text: &str, first: u64) -> Made1<(Program, Data)> {
    let mut program = Program { lines: text.lines().map(str::to_owned).collect(), ..Program::default() };
    let mut names = HashMap::new();
    let mut shared = Shared { next: 0, total: 0 };
    let all = || {
        let own = module.functions.iter().filter_map(|f| f.body.as_ref()).flatten();
        let own = own.filter_map(|item| if let Item::Declare(variable) = item { Some(variable) } else { None });
        module.variables.iter().chain(own).filter(|v| v.space == Space::Shared)
    };
    all().filter(|v| v.count > 0).for_each(|v| {
        shared.place(v);
    });
    program.shared = shared.next as u32;
    shared = Shared { next: 0, total: aligned(shared.next, 16) };

    let mut data = Data::new();
    let mut next = first;
    for variable in &module.variables {
        let at = match variable.space {
            Space::Shared => shared.place(variable),
            Space::Global | Space::Const => {
                next = aligned(next, variable.align.max(256));
                let mut bytes = variable.filling.bytes.clone();
                bytes.resize(variable.bytes(), 0);
                data.push((next, bytes));
                let at = next;
                // Nothing lies behind a variable.
                next += variable.bytes() as u64 + 256;
                at
            }
            _ => return Err(format!("variable {} outside functions", variable.name)),
        };
        names.insert(variable.name.clone(), Symbol::Address(variable.space, at));
    }
    // A function is declared before it is written: one number for both.
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    for function in &module.functions {
        let count = numbers.len() as u32;
        let number = *numbers.entry(&function.name).or_insert(count);
        names.insert(function.name.clone(), Symbol::Function(number));
    }
    for (variable, (_, bytes)) in module.variables.iter().filter(|v| matches!(v.space, Space::Global | Space::Const)).zip(&mut data) {
        for (offset, name, more) in &variable.filling.addresses {
            let address = match names.get(name) {
                Some(Symbol::Address(_, at)) => *at,
                Some(Symbol::Function(number)) => FUNCTIONS + u64::from(*number) * 16,
                _ => return Err(format!("the address of {name}, which there is not")),
            };
            bytes[*offset..*offset + 8].copy_from_slice(&address.wrapping_add(*more).to_le_bytes());
        }
    }
    let mut constants = Constants::default();
    let mut made: Vec<Option<Made>> = vec![None; numbers.len()];
    for function in &module.functions {
        let Some(body) = &function.body else { continue };
        let number = numbers[function.name.as_str()];
        made[number as usize] = Some(lower_function(function, body, &names, &mut shared, &mut constants, &mut program.steps)?);
        if function.entry {
            program.entries.insert(function.name.clone(), number);
        }
    }
    for (name, number) in &numbers {
        let missing = Made {
            name: (*name).to_owned(),
            start: program.steps.len() as u32,
            rows: 0,
            predicates: 0,
            parameters: Vec::new(),
            returns: Vec::new(),
            local: 0,
        };
        if made[*number as usize].is_none() {
            made[*number as usize] = Some(missing);
            program.steps.push(Step { op: Op::Unknown(format!("a call of {name}, which has no body here")), guard: TRUE, line: 0 });
        }
    }
    program.functions = made.into_iter().flatten().collect();
    program.constants = constants.rows;
    program.recursive = recursive(&program);
    Ok((program, data))
}

/// Whether any function may be called while it runs; what is called by its address may be any.
fn recursive(program: &Program) -> bool {
    let mut calls = vec![Vec::new(); program.functions.len()];
    let mut starts: Vec<(u32, usize)> = program.functions.iter().enumerate().map(|(n, f)| (f.start, n)).collect();
    starts.sort_unstable();
    for (at, step) in program.steps.iter().enumerate() {
        if let Op::Call(call) = &step.op {
            let Ok(number) = call.function else { return true };
            let caller = starts[starts.partition_point(|s| s.0 as usize <= at) - 1].1;
            calls[caller].push(number as usize);
        }
    }
    // What calls nobody that is left goes, until nothing does.
    let mut left: Vec<usize> = (0..calls.len()).collect();
    loop {
        let before = left.len();
        let there = left.clone();
        left.retain(|f| calls[*f].iter().any(|to| there.contains(to)));
        if left.len() == before {
            return before > 0;
        }
    }
}

/// Offsets of a kernel's parameters among its launch's bytes.
pub(super) fn offsets(parameters: &[Variable]) -> (Vec<u64>, u64) {
    let mut next = 0;
    let all = parameters.iter().map(|p| {
        let at = aligned(next, p.align);
        next = at + p.bytes() as u64;
        at
    });
    (all.collect(), next)
}

fn lower_function(
    function: &Function,
    body: &[Item],
    module: &HashMap<String, Symbol>,
    shared: &mut Shared,
    constants: &mut Constants,
    steps: &mut Vec<Step>,
) -> Made1<Made> {
    let mut b = Builder {
        module,
        scopes: vec![Scope::default()],
        constants,
        rows: 0,
        predicates: 0,
        local: 0,
        blocks: vec![Block::default()],
        labels: HashMap::new(),
        targets: HashMap::new(),
        line: 0,
        guard: TRUE,
    };
    let (mut parameters, mut returns) = (Vec::new(), Vec::new());
    if function.entry {
        for (parameter, at) in function.parameters.iter().zip(offsets(&function.parameters).0) {
            b.name(&parameter.name, Symbol::Kernel(at));
        }
    } else {
        for parameter in &function.parameters {
            parameters.push(b.hand(parameter));
        }
        for result in &function.returns {
            returns.push(b.hand(result));
        }
    }
    let mut last_label = String::new();
    for item in body {
        match item {
            Item::Open => b.scopes.push(Scope::default()),
            Item::Close => drop(b.scopes.pop()),
            Item::Declare(variable) => b.declare(variable, shared)?,
            Item::Label(name) => {
                b.blocks.push(Block::default());
                b.labels.insert(name.clone(), b.blocks.len() - 1);
                last_label.clone_from(name);
            }
            Item::Targets(labels) => drop(b.targets.insert(last_label.clone(), labels.clone())),
            Item::Run(instruction) => b.run(instruction),
        }
    }
    // Who runs over the end has returned.
    b.step(Op::Return);
    b.end(End::Stop);
    let start = steps.len() as u32;
    let (rows, predicates, local) = (b.rows, b.predicates, b.local);
    b.arrange(steps)?;
    Ok(Made { name: function.name.clone(), start, rows, predicates, parameters, returns, local: local as u32 })
}

impl Builder<'_> {
    fn name(&mut self, name: &str, symbol: Symbol) {
        self.scopes.last_mut().expect("the function's at least").names.insert(name.to_owned(), symbol);
    }

    /// Rows for a parameter of a call.
    fn hand(&mut self, variable: &Variable) -> (At, u32) {
        let rows = variable.bytes().div_ceil(8) as u32;
        let first = self.rows;
        self.rows += rows;
        self.name(&variable.name, Symbol::Handed(first, variable.bytes()));
        (first, rows)
    }

    fn register(&mut self, name: &str, ty: Ty) -> Symbol {
        let symbol = if ty.kind == Kind::Pred {
            self.predicates += 1;
            Symbol::Predicate(self.predicates - 1)
        } else {
            self.rows += 1;
            Symbol::Register(self.rows - 1, ty)
        };
        self.name(name, symbol.clone());
        symbol
    }

    /// A row for what an instruction needs in between.
    pub(super) fn spare(&mut self) -> At {
        self.rows += 1;
        self.rows - 1
    }

    fn declare(&mut self, variable: &Variable, shared: &mut Shared) -> Made1<()> {
        match variable.space {
            Space::Reg if variable.family => {
                self.scopes.last_mut().expect("one is open").families.push((variable.name.clone(), variable.ty));
            }
            Space::Reg => drop(self.register(&variable.name, variable.ty)),
            Space::Param => drop(self.hand(variable)),
            Space::Shared => {
                let at = shared.place(variable);
                self.name(&variable.name, Symbol::Address(Space::Shared, at));
            }
            Space::Local => {
                let at = aligned(self.local, variable.align);
                self.local = at + variable.bytes() as u64;
                self.name(&variable.name, Symbol::Address(Space::Local, at));
            }
            _ => return Err(format!("variable {} inside a function", variable.name)),
        }
        Ok(())
    }

    pub(super) fn find(&mut self, name: &str) -> Made1<Symbol> {
        for at in (0..self.scopes.len()).rev() {
            if let Some(symbol) = self.scopes[at].names.get(name) {
                return Ok(symbol.clone());
            }
            let family = name.trim_end_matches(|c: char| c.is_ascii_digit());
            if let Some((_, ty)) = self.scopes[at].families.iter().find(|(known, _)| known == family) {
                let ty = *ty;
                let inner = self.scopes.split_off(at + 1);
                let symbol = self.register(name, ty);
                self.scopes.extend(inner);
                return Ok(symbol);
            }
        }
        self.module.get(name).cloned().ok_or_else(|| format!("the name {name}, which was not declared"))
    }

    /// A row with the same number for all lanes.
    pub(super) fn constant(&mut self, value: u64) -> At {
        let constants = &mut *self.constants;
        *constants.known.entry(value).or_insert_with(|| {
            constants.rows.push([value; 32]);
            (constants.rows.len() - 1) as At | CONSTANT
        })
    }

    /// What is read of an operand, of so many bits.
    pub(super) fn value(&mut self, operand: &Operand, bits: u32) -> Made1<At> {
        let mask = if bits >= 64 { !0 } else { (1 << bits) - 1 };
        Ok(match operand {
            Operand::Int(value) => self.constant(value & mask),
            Operand::Single(value) => self.constant(u64::from(*value)),
            Operand::Double(value) => self.constant(*value),
            Operand::Name(name) => match self.find(name)? {
                Symbol::Register(at, _) => at,
                Symbol::Address(Space::Local, at) => self.stack(at),
                Symbol::Address(_, at) | Symbol::Kernel(at) => self.constant(at),
                Symbol::Function(number) => self.constant(FUNCTIONS + u64::from(number) * 16),
                other => return Err(format!("{name} as a value: {other:?}")),
            },
            Operand::Sum(name, more) => match self.find(name)? {
                Symbol::Address(Space::Local, at) => self.stack(at.wrapping_add_signed(*more)),
                Symbol::Address(_, at) | Symbol::Kernel(at) => self.constant(at.wrapping_add_signed(*more)),
                other => return Err(format!("{name} as an address: {other:?}")),
            },
            other => return Err(format!("the operand {other:?}")),
        })
    }

    fn stack(&mut self, offset: u64) -> At {
        let to = self.spare();
        self.step(Op::Stack { to, offset });
        to
    }

    /// The row that an operand names, to be written; its type.
    pub(super) fn result(&mut self, operand: &Operand) -> Made1<(At, Ty)> {
        let Operand::Name(name) = operand else { return Err(format!("the result {operand:?}")) };
        if name == "_" {
            return Ok((self.spare(), Ty { kind: Kind::Bits, bits: 64 }));
        }
        match self.find(name)? {
            Symbol::Register(at, ty) => Ok((at, ty)),
            other => Err(format!("{name} as a result: {other:?}")),
        }
    }

    pub(super) fn predicate(&mut self, operand: &Operand) -> Made1<Holds> {
        let (name, negated) = match operand {
            Operand::Name(name) => (name, false),
            Operand::Not(name) => (name, true),
            Operand::Int(value) => return Ok(if *value == 0 { TRUE | NEGATED } else { TRUE }),
            other => return Err(format!("the operand {other:?} as a predicate")),
        };
        match self.find(name)? {
            Symbol::Predicate(at) => Ok(if negated { at | NEGATED } else { at }),
            other => Err(format!("{name} as a predicate: {other:?}")),
        }
    }

    pub(super) fn step(&mut self, op: Op) {
        let step = Step { op, guard: self.guard, line: self.line };
        self.blocks.last_mut().expect("one is open").steps.push(step);
    }

    fn end(&mut self, end: End) {
        self.blocks.last_mut().expect("one is open").end = end;
        self.blocks.push(Block::default());
    }

    fn run(&mut self, instruction: &Instruction) {
        (self.line, self.guard) = (instruction.line, TRUE);
        if let Err(what) = self.try_run(instruction) {
            self.step(Op::Unknown(what));
            self.guard = TRUE;
        }
    }

    fn try_run(&mut self, instruction: &Instruction) -> Made1<()> {
        self.guard = match &instruction.guard {
            None => TRUE,
            Some((name, negated)) => self.predicate(&if *negated { Operand::Not(name.clone()) } else { Operand::Name(name.clone()) })?,
        };
        let words: Vec<&str> = instruction.words.iter().map(String::as_str).collect();
        match (words[0], instruction.operands.as_slice()) {
            ("bra", [Operand::Name(label)]) => {
                let end = if self.guard == TRUE { End::Jump(label.clone()) } else { End::Branch(self.guard, label.clone()) };
                self.end(end);
            }
            ("brx", [index, Operand::Name(list)]) if words.get(1) == Some(&"idx") => {
                let index = self.value(index, 32)?;
                let labels = self.targets.get(list).ok_or("brx of a list that comes later")?.clone();
                if self.guard != TRUE {
                    return Err("brx with a predicate".into());
                }
                self.end(End::Switch(index, labels));
            }
            ("ret" | "exit" | "trap", []) => {
                self.step(match words[0] {
                    "ret" => Op::Return,
                    "exit" => Op::Exit,
                    _ => Op::Trap,
                });
                if self.guard == TRUE && words[0] != "trap" {
                    self.end(End::Stop);
                }
            }
            _ => super::select::select(self, &words, &instruction.operands)?,
        }
        self.guard = TRUE;
        Ok(())
    }

    /// Writes the blocks behind each other, with their branches' aims.
    fn arrange(self, steps: &mut Vec<Step>) -> Made1<()> {
        let aim = |label: &String| self.labels.get(label).copied().ok_or_else(|| format!("label {label} is missing"));
        let mut next: Vec<Vec<usize>> = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let behind = at + 1;
            next.push(match &block.end {
                End::Next if behind < self.blocks.len() => vec![behind],
                End::Next | End::Stop => Vec::new(),
                End::Jump(label) => vec![aim(label)?],
                End::Branch(_, label) => vec![behind, aim(label)?],
                End::Switch(_, labels) => labels.iter().map(&aim).collect::<Made1<_>>()?,
            });
        }
        let order = order(&next);
        let mut before = vec![0; next.len()];
        // Who is at the start comes from without.
        before[0] = 1;
        order.iter().flat_map(|block| &next[*block]).for_each(|to| before[*to] += 1);
        let mut starts = vec![u32::MAX; next.len()];
        let mut open: Vec<(usize, usize, usize)> = Vec::new();
        for (at, &number) in order.iter().enumerate() {
            let block = &self.blocks[number];
            starts[number] = steps.len() as u32;
            let line = block.steps.first().map_or(0, |step| step.line);
            let plain = |op| Step { op, guard: TRUE, line };
            if before[number] > 1 {
                steps.push(plain(Op::Join));
            }
            steps.extend(block.steps.iter().cloned());
            let mut jump = |steps: &mut Vec<Step>, to: usize| {
                if order.get(at + 1) != Some(&to) {
                    open.push((steps.len(), 0, to));
                    steps.push(plain(Op::Jump(0)));
                }
            };
            match &block.end {
                End::Stop => {}
                End::Next | End::Jump(_) => next[number].iter().for_each(|to| jump(steps, *to)),
                End::Branch(by, _) => {
                    let at = steps.len();
                    steps.push(plain(Op::Branch { by: *by, to: 0 }));
                    jump(steps, next[number][0]);
                    open.push((at, 0, next[number][1]));
                }
                End::Switch(index, _) => {
                    let at = steps.len();
                    steps.push(plain(Op::Switch { index: *index, to: vec![0; next[number].len()] }));
                    open.extend(next[number].iter().enumerate().map(|(way, to)| (at, way, *to)));
                }
            }
        }
        for (at, way, block) in open {
            let aim = starts[block];
            match &mut steps[at].op {
                Op::Jump(to) | Op::Branch { to, .. } => *to = aim,
                Op::Switch { to, .. } => to[way] = aim,
                _ => unreachable!("only these were put there"),
            }
        }
        Ok(())
    }
}
