//! A ufunc: one function with a loop for each list of types it has met or was declared for.
//!
//! Owns the registry of loops and the choice among them. The function's text was taken and its names resolved by whoever made the
//! [`Definition`]; faults in it are the compiler's to find. Loops live as long as the ufunc; finding one takes no lock.

use std::sync::{Arc, Mutex, OnceLock};

use smallvec::SmallVec;
use verdigris_compiler::diagnostic::Diagnostic;
use verdigris_compiler::fork;
use verdigris_compiler::ir::{Inst, Kind, Verified};
use verdigris_compiler::llvm::{self, Cpu, Lanes, Shape};
use verdigris_compiler::lower::{self, Literals, lower_with};
use verdigris_compiler::names::Definition;
use verdigris_compiler::op::Op;
use verdigris_compiler::source::Sources;
use verdigris_compiler::syntax::{self, Expr, ExprKind, Stmt, StmtKind};
use verdigris_compiler::types::{ScalarType, Type};

use crate::casting::{Argument, Types, best_match, settle};
use crate::error::Error;
use crate::run::{Control, Entry, Loop, Provider, Variant};
use crate::signature::Signature;

/// Where a ufunc runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Target {
    /// On the calling thread.
    #[default]
    Cpu,
    /// On all threads of the pool. The results are the same.
    Parallel,
}

/// How a ufunc is compiled and run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where it runs.
    pub target: Target,
    /// Contract `a*b + c`.
    pub fma: bool,
    /// Take the math library's faster, less accurate variants where it has them.
    pub fastmath: bool,
    /// The function is associative and commutative: reductions may group elements.
    pub associative: bool,
    /// What type numbers written in the text have.
    pub literals: Literals,
    /// The processor to compile for.
    pub cpu: Arc<Cpu>,
}

impl Options {
    /// One core, nothing contracted, left folds.
    pub fn new(cpu: Arc<Cpu>) -> Options {
        Options { target: Target::Cpu, fma: false, fastmath: false, associative: false, literals: Literals::Wide, cpu }
    }
}

/// An elementwise function. See the crate's head for an example.
#[derive(Debug)]
pub struct Ufunc {
    definition: Arc<Definition>,
    options: Options,
    inputs: usize,
    outputs: usize,
    /// Input types of each declared loop, in order of declaration; `None`: any types, compiled when met.
    declared: Option<Vec<Arc<Loop>>>,
    chosen: Chosen,
    made: Mutex<Vec<Arc<Loop>>>,
}

impl Ufunc {
    /// A function that is compiled for the types it is called with.
    ///
    /// # Errors
    /// [`Error::Diagnostic`] if the text has no such function.
    pub fn new(definition: Arc<Definition>, options: Options) -> Result<Ufunc, Error> {
        let (inputs, outputs) = arity(&definition)?;
        if inputs == 0 {
            return Err(Error::ArgumentCount { expected: 1, found: 0 });
        }
        Ok(Ufunc { definition, options, inputs, outputs, declared: None, chosen: Chosen::default(), made: Mutex::default() })
    }

    /// A function for these types only; others must cast to them safely.
    ///
    /// # Errors
    /// As [`Ufunc::new`], and what is wrong with the function for a signature.
    pub fn with_signatures(definition: Arc<Definition>, signatures: &[Signature], options: Options) -> Result<Ufunc, Error> {
        let mut ufunc = Ufunc::new(definition, options)?;
        let mut declared: Vec<Arc<Loop>> = Vec::with_capacity(signatures.len());
        for signature in signatures {
            let made = ufunc.make(&signature.inputs, signature.outputs.as_deref())?;
            let outputs = made.signature().outputs.len();
            if let Some(first) = declared.first()
                && first.signature().outputs.len() != outputs
            {
                return Err(Error::ResultCount { expected: first.signature().outputs.len(), found: outputs });
            }
            ufunc.outputs = outputs;
            // Of two signatures with the same arguments the later counts.
            declared.retain(|l| l.signature().inputs != made.signature().inputs);
            declared.push(Arc::new(made));
        }
        ufunc.made = Mutex::new(declared.clone());
        ufunc.declared = Some(declared);
        Ok(ufunc)
    }

    /// The function.
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// How it is compiled and run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Number of arguments.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of results.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether loops are those of its signatures only.
    pub fn is_declared(&self) -> bool {
        self.declared.is_some()
    }

    /// The loops there are, in the order in which they came to be.
    pub fn loops(&self) -> Vec<Arc<Loop>> {
        self.made.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// A loop already chosen for such arguments.
    pub fn find(&self, arguments: &[Argument]) -> Option<&Arc<Loop>> {
        self.chosen.find(arguments)
    }

    /// The loop for such arguments, compiled if need be: the declared one that fits best, or else one for the very types.
    ///
    /// # Errors
    /// [`Error::NoLoop`] where no declared loop fits; what is wrong with the function for these types.
    pub fn choose(&self, arguments: &[Argument]) -> Result<&Arc<Loop>, Error> {
        if let Some(found) = self.chosen.find(arguments) {
            return Ok(found);
        }
        if arguments.len() != self.inputs {
            return Err(Error::ArgumentCount { expected: self.inputs, found: arguments.len() });
        }
        let types = settle(arguments);
        let found = match &self.declared {
            Some(loops) => {
                let best = best_match(arguments, loops.iter().map(|l| &l.signature().inputs[..]));
                let Some(best) = best else {
                    return Err(Error::NoLoop { name: self.definition.name.clone(), inputs: types.to_vec() });
                };
                loops[best].clone()
            }
            None => self.compiled(&types)?,
        };
        Ok(self.chosen.insert(arguments, found))
    }

    fn compiled(&self, types: &Types) -> Result<Arc<Loop>, Error> {
        let _job = fork::job();
        // Held while compiling, so that two threads do not make the same loop.
        let mut made = self.made.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(found) = made.iter().find(|l| l.signature().inputs[..] == types[..]) {
            return Ok(found.clone());
        }
        let new = self.make(types, None)?;
        let found = new.signature().outputs.len();
        if found != self.outputs {
            return Err(Error::ResultCount { expected: self.outputs, found });
        }
        let new = Arc::new(new);
        made.push(new.clone());
        Ok(new)
    }

    fn make(&self, inputs: &[ScalarType], outputs: Option<&[ScalarType]>) -> Result<Loop, Error> {
        if inputs.len() != self.inputs {
            return Err(Error::ArgumentCount { expected: self.inputs, found: inputs.len() });
        }
        let arguments: Vec<Type> = inputs.iter().map(|t| Type::Scalar(*t)).collect();
        let returns = outputs.map(|types| match types {
            [one] => Type::Scalar(*one),
            many => Type::Tuple(many.iter().map(|t| Type::Scalar(*t)).collect()),
        });
        let options = lower::Options { kind: Kind::Scalar, fma: self.options.fma, fastmath: self.options.fastmath, zero_division: false };
        let lowered = lower_with(&self.definition, &arguments, options, returns.as_ref(), self.options.literals)?;
        let result = match &lowered.result {
            Type::Scalar(one) => Some(vec![*one]),
            Type::Tuple(items) if !items.is_empty() => items.iter().map(Type::scalar).collect(),
            _ => None,
        };
        let outputs = result.ok_or_else(|| Error::Result { found: lowered.result.to_string() })?;
        let signature = llvm::Signature { inputs: inputs.to_vec(), outputs };
        let control = control(&lowered.ir);
        let provider = Compiled { ir: lowered.ir, signature: signature.clone(), cpu: self.options.cpu.clone() };
        Ok(Loop::new(signature, control, Box::new(provider)))
    }
}

fn control(ir: &Verified) -> Control {
    let mut found = Control::default();
    ir.walk(&mut |_, inst| {
        found.loops |= matches!(inst, Inst::Loop { .. });
        // A function of the math library is rare paths and steps that raise what it does not.
        let library = matches!(inst, Inst::Apply { op, .. } if op.effects().call);
        let order = matches!(inst, Inst::Apply { op: Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Min | Op::Max, args } if ir.ty(args[0]).is_float());
        found.false_flags |= library || order || matches!(inst, Inst::If { .. } | Inst::Loop { .. } | Inst::Scope { .. });
    });
    found
}

struct Compiled {
    ir: Verified,
    signature: llvm::Signature,
    cpu: Arc<Cpu>,
}

impl Provider for Compiled {
    fn variant(&self, variant: Variant) -> Result<Entry, Error> {
        let Variant { lanes, uniform, exact, stream } = variant;
        let lanes = if lanes == Lanes::Warp { llvm::best_lanes(&self.ir, &self.cpu) } else { lanes };
        let shape = Shape::Loop { lanes, signature: self.signature.clone(), uniform, exact_flags: exact, stream };
        Ok(Entry::compiled(llvm::compile(&self.ir, &shape, &self.cpu)?))
    }

    fn listing(&self, listing: llvm::Listing) -> Result<String, Error> {
        let lanes = llvm::best_lanes(&self.ir, &self.cpu);
        let shape = Shape::Loop { lanes, signature: self.signature.clone(), uniform: 0, exact_flags: false, stream: false };
        Ok(llvm::listing(&self.ir, &shape, &self.cpu, listing)?)
    }

    fn ir(&self) -> Option<&Verified> {
        Some(&self.ir)
    }
}

/// Numbers of arguments and of results, from the text alone: a function whose `return`s are all tuples of one length has that many results.
///
/// # Errors
/// [`Error::Diagnostic`] if the text has no such function.
pub fn arity(definition: &Definition) -> Result<(usize, usize), Error> {
    let mut sources = Sources::default();
    let id = sources.add(&definition.source);
    let function = syntax::parse(definition, id).map_err(|d: Box<Diagnostic>| d.with_sources(&sources))?;
    let mut lengths: SmallVec<[usize; 4]> = SmallVec::new();
    returns(&function.body, &mut |value| {
        lengths.push(match value.map(|v| &v.kind) {
            Some(ExprKind::Tuple(items)) => items.len(),
            _ => 1,
        });
    });
    let outputs = match lengths.split_first() {
        Some((&first, rest)) if first > 0 && rest.iter().all(|n| *n == first) => first,
        _ => 1,
    };
    Ok((function.params.len(), outputs))
}

/// Names of a function's parameters, from the text alone.
///
/// # Errors
/// [`Error::Diagnostic`] if the text has no such function.
pub fn parameters(definition: &Definition) -> Result<Vec<String>, Error> {
    let mut sources = Sources::default();
    let id = sources.add(&definition.source);
    let function = syntax::parse(definition, id).map_err(|d: Box<Diagnostic>| d.with_sources(&sources))?;
    Ok(function.params.iter().map(|p| p.name.clone()).collect())
}

fn returns(body: &[Stmt], visit: &mut dyn FnMut(Option<&Expr>)) {
    for statement in body {
        match &statement.kind {
            StmtKind::Return(value) => visit(value.as_ref()),
            StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } | StmtKind::For { body, orelse, .. } => {
                returns(body, visit);
                returns(orelse, visit);
            }
            _ => {}
        }
    }
}

/// Which loop each list of arguments came to: a chain that only grows, so that reading it needs no lock.
#[derive(Debug, Default)]
struct Chosen(OnceLock<Box<Choice>>);

#[derive(Debug)]
struct Choice {
    arguments: SmallVec<[Argument; 6]>,
    chosen: Arc<Loop>,
    next: Chosen,
}

impl Chosen {
    fn find(&self, arguments: &[Argument]) -> Option<&Arc<Loop>> {
        let mut place = self;
        while let Some(choice) = place.0.get() {
            if choice.arguments[..] == *arguments {
                return Some(&choice.chosen);
            }
            place = &choice.next;
        }
        None
    }

    fn insert(&self, arguments: &[Argument], chosen: Arc<Loop>) -> &Arc<Loop> {
        let mut new = Some(Box::new(Choice { arguments: arguments.into(), chosen, next: Chosen::default() }));
        let mut place = self;
        loop {
            let choice = place.0.get_or_init(|| new.take().expect("only one place is filled"));
            // Filled by us, or by another thread with the same question.
            if choice.arguments[..] == *arguments {
                return &choice.chosen;
            }
            place = &choice.next;
        }
    }
}
