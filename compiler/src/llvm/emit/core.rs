//! What stands around the body of a generalized ufunc: a loop over sets of core arrays (see [`crate::abi`]).
//!
//! One lane: bodies have loops of their own over small axes, and branch. Every access goes through the words of its array, whose data pointer is moved for each element; extents and strides
//! stay. Nothing is speculated, so that only flags of the user's operations are raised.

use super::super::cpu::Level;
use super::super::instr::{Instr, IntPred, V};
use super::super::{Module, Signature};
use super::{Emitter, Rep};
use crate::abi::Site;
use crate::ir::{Function, Param};
use crate::pass::divergence;
use crate::types::ScalarType;

/// Emits a loop over elements into `i`, whose function has the parameters of [`crate::abi::BlocksFn`].
pub(in super::super) fn core<'c>(i: Instr<'c>, f: &Function, scalars: &Signature, (level, shares): (Level, bool)) -> (Module<'c>, Vec<Site>) {
    let d = divergence::analyse(f, divergence::Lanes::One);
    let mut e = Emitter::new(i, f, &d, 1, level, true, true);
    e.shares = shares;
    e.elements_of_core(scalars);
    (e.i.module, e.sites)
}

/// Where something lies: the first element's address, and bytes to the next one's.
#[derive(Clone, Copy)]
struct Place<'c> {
    base: V<'c>,
    step: V<'c>,
}

/// The types of the numbers that those are made of.
fn parts(types: &[ScalarType]) -> impl Iterator<Item = ScalarType> {
    types.iter().flat_map(|ty| std::iter::repeat_n(ty.part(), 1 + usize::from(ty.is_complex())))
}

impl<'c> Emitter<'_, 'c> {
    fn elements_of_core(&mut self, scalars: &Signature) {
        let start = self.i.here();
        let (params, launch, first, last) = (self.i.param(0), self.i.param(1), self.i.param(2), self.i.param(3));
        self.frame.launch = launch;
        let f = self.f;
        let mut word = 0i64;
        let mut places = Vec::new();
        let mut bound_at = vec![None; f.arrays.len()];
        for param in &f.params {
            places.push(self.place(params, word));
            word += 2;
            if let Param::Array { array, .. } = param {
                let ndim = f.array(*array).ty.ndim as i64;
                bound_at[array.index()] = Some((word, ndim));
                word += 2 * ndim;
            }
        }
        let results: Vec<Place<'c>> = (0..f.results.len() as i64).map(|n| self.place(params, word + 2 * n)).collect();
        for (info, at) in f.arrays.iter().zip(&bound_at) {
            let Some((word, ndim)) = *at else {
                self.bind_constant(info);
                continue;
            };
            // Words of its own, in the form that any access reads; the pointer is put in for each element.
            let words = self.i.alloca(self.i.array(self.i.int(64), 1 + 2 * ndim as u64), 8);
            self.i.store(self.i.i64(0), words, 8);
            for n in 0..2 * ndim {
                let v = self.i.load(self.i.int(64), self.i.offset(params, self.i.i64((word + n) * 8)), 8);
                self.i.store(v, self.i.offset(words, self.i.i64((1 + n) * 8)), 8);
            }
            self.bind(words, ndim as usize);
        }

        let (head, element, body, after, done) =
            (self.i.block("elements"), self.i.block("element"), self.i.block("body"), self.i.block("after"), self.i.block("done"));
        let setup = self.i.here();
        self.i.br(head);

        self.i.go(head);
        let at = self.i.phi(self.i.int(64));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntULT, at, last), element, done);

        self.i.go(element);
        self.frame.block = at;
        self.frame.abort = done;
        if self.has_loop() {
            let ready = self.i.block("element.start");
            self.poll(ready);
            self.i.go(ready);
        }
        let mut inputs = parts(&scalars.inputs);
        for (n, (param, place)) in f.params.iter().zip(&places).enumerate() {
            let here = self.at_element(*place, at);
            match param {
                Param::Scalar { .. } => {
                    let ty = inputs.next().expect("the signature has the function's scalars");
                    self.params[n] = Some(Rep::Uniform(self.load_part(here, ty, 0)));
                }
                Param::Array { array, .. } => {
                    let bound = &mut self.arrays[array.index()];
                    bound.pointer = here;
                    self.i.store(here, bound.words, 8);
                }
            }
        }
        self.make_slots();
        self.i.br(body);
        self.i.go(body);
        self.body(after);

        self.i.go(after);
        let types: Vec<ScalarType> = parts(&scalars.outputs).collect();
        let targets: Vec<V<'c>> = results.iter().map(|place| self.at_element(*place, at)).collect();
        self.store_results(&types, &targets);
        let next = self.i.add(at, self.i.i64(1));
        self.i.br(head);
        self.i.incoming(at, &[(first, setup), (next, after)]);

        self.i.go(done);
        self.i.ret();
        self.i.seal_entry(start);
    }

    fn place(&self, params: V<'c>, word: i64) -> Place<'c> {
        let at = |n: i64| self.i.offset(params, self.i.i64(n * 8));
        Place { base: self.i.load(self.i.ptr(), at(word), 8), step: self.i.load(self.i.int(64), at(word + 1), 8) }
    }

    fn at_element(&self, place: Place<'c>, element: V<'c>) -> V<'c> {
        self.i.offset(place.base, self.i.mul(place.step, element))
    }
}
