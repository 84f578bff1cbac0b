//! A generalized ufunc: one function over small arrays, with a loop for each list of types it has met or was declared for.
//!
//! Owns which parameter is what (layout, types, results written to parameters or returned), the registry of loops and the choice among them. The text was taken and its names resolved by
//! whoever made the [`Definition`]; memory is [`crate::run`]'s.

use std::sync::{Arc, Mutex};

use smallvec::SmallVec;
use verdigris_compiler::fork;
use verdigris_compiler::ir::Kind;
use verdigris_compiler::lower::{self, Lowered, lower_with};
use verdigris_compiler::names::Definition;
use verdigris_compiler::source::Sources;
use verdigris_compiler::syntax;
use verdigris_compiler::types::{ArrayType, Layout as Order, ScalarType, Type, unify};

use crate::casting::{Argument, Types, best_match, settle};
use crate::error::Error;
use crate::layout::Layout;
use crate::run::CoreLoop;
use crate::ufunc::{Options, parameters};

/// Types for which a loop over core arrays is declared, as the function sees them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CoreSignature {
    /// Of each parameter: a scalar (for `()`), or an array of as many axes as its core (of one, for `()`).
    pub parameters: Vec<Type>,
    /// What the function returns, where it returns its results and their types are not to be inferred.
    pub results: Option<Types>,
}

/// A function over core arrays.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
///
/// use ndarray::{array, Array1};
/// use verdigris_vectorize::compiler::{llvm::Cpu, names::Definition};
/// use verdigris_vectorize::{Error, Gufunc, Options};
///
/// # fn main() -> Result<(), Error> {
/// let text = "
/// def dot(x, y):
///     total = 0.0
///     for i in range(x.shape[0]):
///         total += x[i] * y[i]
///     return total
/// ";
/// let definition = Definition::from_text("dot.py", text, "dot", BTreeMap::new())?;
/// let dot = Gufunc::new(definition, "(n),(n)->()".parse()?, Options::new(Arc::new(Cpu::new(None)?)))?;
///
/// let x = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// let y = array![10.0, 1.0];
/// let mut out = Array1::<f64>::zeros(3);
/// dot.apply_into(&[(&x).into(), (&y).into()], &mut [(&mut out).into()])?;
/// assert_eq!(out, array![12.0, 34.0, 56.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Gufunc {
    definition: Arc<Definition>,
    layout: Layout,
    options: Options,
    returns: bool,
    /// Bit i: input i may be written.
    writable: u64,
    /// Types of the outputs where they do not follow from what is stored; none, or one for each output.
    given: SmallVec<[Option<ScalarType>; 4]>,
    declared: Option<Vec<Arc<CoreLoop>>>,
    made: Mutex<Vec<Arc<CoreLoop>>>,
}

/// Rounds in which the types of outputs may follow from what is stored, which may follow from them.
const ROUNDS: usize = 3;

/// Types of outputs in the order in which they are tried.
const LEAST_FIRST: [ScalarType; 14] = {
    use ScalarType::*;
    [Bool, I8, U8, I16, U16, I32, U32, I64, U64, F16, F32, F64, C64, C128]
};

impl Gufunc {
    /// A function that is compiled for the types it is called with.
    ///
    /// # Errors
    /// [`Error::Diagnostic`] if the text has no such function; [`Error::Parameters`] if it does not have the parameters that the layout asks for.
    pub fn new(definition: Arc<Definition>, layout: Layout, options: Options) -> Result<Gufunc, Error> {
        let returns = returns_results(&definition, &layout)?;
        Ok(Gufunc { definition, layout, options, returns, writable: 0, given: SmallVec::new(), declared: None, made: Mutex::default() })
    }

    /// Lets the function write to these inputs.
    #[must_use]
    pub fn with_writable(mut self, inputs: &[usize]) -> Gufunc {
        self.writable = inputs.iter().fold(0, |bits, i| bits | 1 << i);
        self
    }

    /// Says what types outputs have; of those without a type it follows from what is stored. A function that returns its results, or has declared loops, takes no notice.
    #[must_use]
    pub fn with_outputs(mut self, types: &[Option<ScalarType>]) -> Gufunc {
        self.given = SmallVec::from_slice(types);
        self
    }

    /// A function for these types only; others must cast to them safely.
    ///
    /// # Errors
    /// As [`Gufunc::new`], and what is wrong with the function for a signature.
    pub fn with_signatures(mut self, signatures: &[CoreSignature]) -> Result<Gufunc, Error> {
        let mut declared: Vec<Arc<CoreLoop>> = Vec::with_capacity(signatures.len());
        for signature in signatures {
            let made = self.declare(signature)?;
            // Of two signatures with the same inputs the later counts.
            declared.retain(|l| l.inputs() != made.inputs());
            declared.push(Arc::new(made));
        }
        self.declared = Some(declared);
        Ok(self)
    }

    /// The function.
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// How it is compiled and run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Core dimensions of its operands.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The loops there are, in the order in which they came to be.
    pub fn loops(&self) -> Vec<Arc<CoreLoop>> {
        match &self.declared {
            Some(declared) => declared.clone(),
            None => self.made.lock().unwrap_or_else(|e| e.into_inner()).clone(),
        }
    }

    /// The loop for such arguments, compiled if need be. Types of outputs that nobody has declared or given follow from what the function stores or returns.
    ///
    /// # Errors
    /// [`Error::NoLoop`] where no declared loop fits, [`Error::OutputType`] where a type does not follow; what is wrong with the function for these types.
    pub fn choose(&self, arguments: &[Argument]) -> Result<Arc<CoreLoop>, Error> {
        if arguments.len() != self.layout.inputs.len() {
            return Err(Error::ArgumentCount { expected: self.layout.inputs.len(), found: arguments.len() });
        }
        let inputs = settle(arguments);
        if let Some(loops) = &self.declared {
            let best = best_match(arguments, loops.iter().map(|l| l.inputs()));
            return match best {
                Some(best) => Ok(loops[best].clone()),
                None => Err(Error::NoLoop { name: self.definition.name.clone(), inputs: inputs.to_vec() }),
            };
        }
        let _job = fork::job();
        // Held while compiling, so that two threads do not make the same loop.
        let mut made = self.made.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(found) = made.iter().find(|l| *l.inputs() == inputs[..]) {
            return Ok(found.clone());
        }
        let outputs = match self.given.iter().copied().collect::<Option<Types>>() {
            _ if self.returns => Types::new(),
            Some(given) if !given.is_empty() => given,
            _ => {
                let mut found = self.output_types(&inputs)?;
                found.iter_mut().zip(&self.given).for_each(|(found, given)| *found = given.unwrap_or(*found));
                found
            }
        };
        let new = Arc::new(self.make(&self.parameters(&inputs, &outputs), None)?);
        made.push(new.clone());
        Ok(new)
    }

    /// Types of the parameters for operands of these types: scalars where the core of an input has no axes, arrays everywhere else.
    fn parameters(&self, inputs: &[ScalarType], outputs: &[ScalarType]) -> Vec<Type> {
        let array = |elem: ScalarType, axes: &[usize], readonly: bool| {
            Type::Array(ArrayType { elem, ndim: axes.len().max(1) as u8, layout: Order::A, readonly })
        };
        let of_input = |(k, (ty, axes)): (usize, (&ScalarType, &Vec<usize>))| match (axes.is_empty(), self.writes(k)) {
            (true, false) => Type::Scalar(*ty),
            (_, writable) => array(*ty, axes, !writable),
        };
        let of_output = |(ty, axes): (&ScalarType, &Vec<usize>)| array(*ty, axes, false);
        inputs.iter().zip(&self.layout.inputs).enumerate().map(of_input).chain(outputs.iter().zip(&self.layout.outputs).map(of_output)).collect()
    }

    /// Whether the function may write to an input.
    pub fn writes(&self, input: usize) -> bool {
        self.writable >> input & 1 == 1
    }

    /// Types of the outputs: those of what the body stores into them. Where that depends on what they hold (`out[0] += x[i]`), the least types that hold all that is stored.
    fn output_types(&self, inputs: &[ScalarType]) -> Result<Types, Error> {
        let first = inputs.iter().copied().reduce(crate::casting::promote).unwrap_or(ScalarType::F64);
        let count = self.layout.outputs.len();
        let names = parameters(&self.definition)?;
        let stored = |types: &Types| self.stored(inputs, types, &names[inputs.len()..], first);
        let (low, high) = (SmallVec::from_elem(ScalarType::Bool, count), SmallVec::from_elem(first, count));
        let mut types = stored(&low)?;
        if stored(&high)? == types && stored(&types)? == types {
            return Ok(types);
        }
        for _ in 0..ROUNDS {
            for k in 0..count {
                let holds = |ty: &ScalarType| -> Result<bool, Error> {
                    let mut with = types.clone();
                    with[k] = *ty;
                    Ok(stored(&with)?[k] == *ty)
                };
                for ty in LEAST_FIRST {
                    if holds(&ty)? {
                        types[k] = ty;
                        break;
                    }
                }
            }
            if stored(&types)? == types {
                return Ok(types);
            }
        }
        Err(Error::OutputType { name: self.definition.name.clone(), inputs: inputs.to_vec() })
    }

    /// Types of what is stored into outputs, if these are the types of their elements. `constants`: of an output into which only constants are stored, which say nothing.
    fn stored(&self, inputs: &[ScalarType], types: &Types, names: &[String], constants: ScalarType) -> Result<Types, Error> {
        // A real array takes no complex number; a complex one takes all, and what is stored tells.
        let lowered = match self.lower(&self.parameters(inputs, types), None) {
            Err(Error::Diagnostic(fault)) => {
                // Nor does any array of numbers take a date or a time; the inputs' own may, and differences of dates.
                let times = inputs.iter().copied().filter(|t| t.is_time()).flat_map(|t| [t, t.difference()]);
                let lowered = std::iter::once(ScalarType::C128).chain(times).find_map(|ty| {
                    let all: Types = SmallVec::from_elem(ty, types.len());
                    self.lower(&self.parameters(inputs, &all), None).ok()
                });
                lowered.ok_or(Error::Diagnostic(fault))?
            }
            other => other?,
        };
        let of = |name: &String| lowered.stored.iter().filter(|(n, _)| n == name).map(|(_, t)| *t).reduce(unify).unwrap_or(constants);
        Ok(names.iter().take(types.len()).map(of).collect())
    }

    fn declare(&self, signature: &CoreSignature) -> Result<CoreLoop, Error> {
        let expected = self.layout.inputs.len() + if self.returns { 0 } else { self.layout.outputs.len() };
        let found = signature.parameters.len();
        if found != expected {
            return Err(Error::CoreSignature {
                layout: self.layout.to_string(),
                reason: format!("the function takes {expected} parameters, the signature has {found}"),
            });
        }
        let mut parameters = signature.parameters.clone();
        for (k, (ty, axes)) in parameters.iter_mut().zip(self.layout.operands()).enumerate() {
            let is_input = k < self.layout.inputs.len();
            let wanted = axes.len().max(1);
            let fault = |reason: String| Error::CoreSignature { layout: self.layout.to_string(), reason };
            let place = if is_input { format!("input {k}") } else { format!("output {}", k - self.layout.inputs.len()) };
            match ty {
                Type::Scalar(_) if axes.is_empty() && is_input => {}
                Type::Scalar(t) => {
                    return Err(fault(format!(
                        "{place} is an array of {wanted} ax{} in the layout, not {t}: write {t}[{}]",
                        es(wanted),
                        colons(wanted)
                    )));
                }
                Type::Array(array) if usize::from(array.ndim) == wanted => {
                    // Operands come with any strides, whatever layout a signature names.
                    array.layout = Order::A;
                    array.readonly = is_input && !self.writes(k);
                }
                Type::Array(array) => {
                    return Err(fault(format!("{place} has {wanted} ax{} in the layout, {} in the signature", es(wanted), array.ndim)));
                }
                other => return Err(fault(format!("{place} is {other}"))),
            }
        }
        self.make(&parameters, signature.results.as_deref())
    }

    fn lower(&self, parameters: &[Type], results: Option<&Type>) -> Result<Lowered, Error> {
        let options = lower::Options { kind: Kind::Core, fma: self.options.fma, fastmath: self.options.fastmath, zero_division: false };
        Ok(lower_with(&self.definition, parameters, options, results, self.options.literals)?)
    }

    fn make(&self, parameters: &[Type], results: Option<&[ScalarType]>) -> Result<CoreLoop, Error> {
        let results = results.map(|types| match types {
            [one] => Type::Scalar(*one),
            many => Type::Tuple(many.iter().map(|t| Type::Scalar(*t)).collect()),
        });
        let lowered = self.lower(parameters, results.as_ref())?;
        let inputs = self.layout.inputs.len();
        let elem = |ty: &Type| match ty {
            Type::Array(array) => array.elem,
            Type::Scalar(t) => *t,
            other => unreachable!("{other} as the type of an operand"),
        };
        let outputs: Types = match (&lowered.result, self.returns) {
            (Type::None, false) => parameters[inputs..].iter().map(elem).collect(),
            (found, false) => return Err(Error::ReturnsToo { name: self.definition.name.clone(), found: found.to_string() }),
            (Type::Scalar(one), true) => SmallVec::from_slice(&[*one]),
            (Type::Tuple(items), true) => {
                items.iter().map(|t| t.scalar().ok_or_else(|| Error::Result { found: lowered.result.to_string() })).collect::<Result<_, _>>()?
            }
            (found, true) => return Err(Error::Result { found: found.to_string() }),
        };
        if outputs.len() != self.layout.outputs.len() {
            return Err(Error::ResultCount { expected: self.layout.outputs.len(), found: outputs.len() });
        }
        let inputs: Types = parameters[..inputs].iter().map(elem).collect();
        CoreLoop::new(inputs, outputs, parameters.to_vec(), self.layout.clone(), self.writable, lowered.ir, self.options.cpu.clone())
    }
}

/// Axes that arrays in compiled functions may have.
const MOST_AXES: usize = 3;

fn es(count: usize) -> &'static str {
    if count == 1 { "is" } else { "es" }
}

fn colons(count: usize) -> String {
    vec![":"; count].join(", ")
}

/// Whether a function returns its results; else its last parameters are arrays to which it writes them.
///
/// # Errors
/// [`Error::Parameters`] if it has neither number of parameters; [`Error::Diagnostic`] if the text has no such function.
pub fn returns_results(definition: &Definition, layout: &Layout) -> Result<bool, Error> {
    if let Some((operand, axes)) = layout.operands().enumerate().find(|(_, axes)| axes.len() > MOST_AXES) {
        return Err(Error::CoreAxes { layout: layout.to_string(), operand, found: axes.len(), most: MOST_AXES });
    }
    let mut sources = Sources::default();
    let id = sources.add(&definition.source);
    let function = syntax::parse(definition, id).map_err(|d| d.with_sources(&sources))?;
    let most = function.params.len();
    let least = most - function.params.iter().filter(|p| definition.defaults.contains_key(&p.name)).count();
    let (inputs, outputs) = (layout.inputs.len(), layout.outputs.len());
    if (least..=most).contains(&(inputs + outputs)) {
        return Ok(false);
    }
    if (least..=most).contains(&inputs) && layout.outputs.iter().all(Vec::is_empty) {
        return Ok(true);
    }
    Err(Error::Parameters { name: definition.name.clone(), layout: layout.to_string(), inputs, outputs, found: most })
}
