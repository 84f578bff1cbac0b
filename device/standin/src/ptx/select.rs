//! What each instruction is: its words and operands into steps.
//!
//! Words that are not known here, and operands that do not fit, are an error that names them: the launch that comes to such an instruction ends with it.

use super::convert::{Conversion, Rounding, between};
use super::integer::{four, two};
use super::lower::{Builder, Made1, Symbol};
use super::parse::{Kind, Operand, Space, Ty};
use super::program::{
    Access, At, Barrier, Call, Change, Compare, Count, Holds, Join, LOCAL, NEGATED, Op, PARAMETERS, Place, SHARED, Shuffle, Special, TRUE, Together,
    Two, Vote,
};
use super::{atomic, float, integer};

/// An instruction's words behind the first: its types, which come last, and all before.
struct Words<'a> {
    name: &'a str,
    before: Vec<&'a str>,
    types: Vec<Ty>,
}

impl<'a> Words<'a> {
    fn of(words: &[&'a str]) -> Words<'a> {
        let at = (1..words.len()).rev().take_while(|at| Ty::of(words[*at]).is_some()).last().unwrap_or(words.len());
        Words { name: words[0], before: words[1..at].to_vec(), types: words[at..].iter().filter_map(|w| Ty::of(w)).collect() }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.before.iter().position(|w| *w == word);
        if let Some(at) = found {
            self.before.remove(at);
        }
        found.is_some()
    }

    fn take_any<T>(&mut self, of: impl Fn(&str) -> Option<T>) -> Option<T> {
        let at = self.before.iter().position(|w| of(w).is_some())?;
        of(self.before.remove(at))
    }

    fn ty(&self) -> Made1<Ty> {
        self.types.last().copied().ok_or_else(|| format!("{} without a type", self.name))
    }

    /// The name with all that was not taken.
    fn rest(&self) -> String {
        std::iter::once(self.name).chain(self.before.iter().copied()).collect::<Vec<_>>().join(".")
    }

    fn unknown<T>(&self) -> Made1<T> {
        let types: Vec<String> = self.types.iter().map(|ty| format!("{:?}{}", ty.kind, ty.bits)).collect();
        Err(format!("the instruction {} of {}", self.rest(), types.join(" and ")))
    }
}

fn as_unsigned(ty: Ty) -> Ty {
    if ty.kind == Kind::Bits { Ty { kind: Kind::Unsigned, ..ty } } else { ty }
}

pub(super) fn select(b: &mut Builder<'_>, words: &[&str], operands: &[Operand]) -> Made1<()> {
    let mut w = Words::of(words);
    match words[0] {
        "mov" => return moved(b, &w, operands),
        "ld" | "ldu" => return load(b, w, operands),
        "st" => return store(b, w, operands),
        "atom" | "red" => return changed(b, w, operands),
        "cvta" => return cvta(b, &mut w, operands),
        "setp" => return setp(b, w, operands),
        "set" => return set(b, w, operands),
        "call" => return call(b, operands),
        "bar" | "barrier" => return barrier(b, w, operands),
        "shfl" | "vote" | "match" | "redux" | "elect" => return together(b, w, operands),
        "activemask" => {
            let to = b.result(one(operands)?)?.0;
            b.step(Op::Active(to));
            return Ok(());
        }
        // Threads run one after another: what they write is seen in that order.
        "membar" | "fence" | "nanosleep" | "prefetch" | "prefetchu" | "pmevent" | "discard" | "applypriority" => {
            b.step(Op::Nothing);
            return Ok(());
        }
        "brkpt" => {
            b.step(Op::Trap);
            return Ok(());
        }
        "isspacep" => {
            let [to, address] = operands else { return w.unknown() };
            let place = w.take_any(Space::of).and_then(place).ok_or("isspacep of a place that is not known")?;
            let op = Op::IsIn { to: b.predicate(to)?, address: b.value(address, 64)?, place };
            b.step(op);
            return Ok(());
        }
        "testp" => {
            let [to, of] = operands else { return w.unknown() };
            let ty = w.ty()?;
            let Some(test) = w.before.first().and_then(|name| float::property(name, ty)) else { return w.unknown() };
            let of = b.value(of, ty.bits)?;
            let op = Op::Test { test, to: b.predicate(to)?, other: None, of: [of, of], join: None };
            b.step(op);
            return Ok(());
        }
        "selp" => {
            let [to, x, y, by] = operands else { return w.unknown() };
            let bits = w.ty()?.bits;
            let op = Op::Select { to: b.result(to)?.0, of: [b.value(x, bits)?, b.value(y, bits)?], by: b.predicate(by)? };
            b.step(op);
            return Ok(());
        }
        "and" | "or" | "xor" | "not" if w.types.first().is_some_and(|ty| ty.kind == Kind::Pred) => return logic(b, &w, operands),
        "add" | "addc" | "sub" | "subc" if words.contains(&"cc") || words[0].ends_with('c') => return carry(b, w, operands),
        "cvt" => return cvt(b, w, operands),
        _ => {}
    }
    arithmetic(b, w, operands)
}

fn one(operands: &[Operand]) -> Made1<&Operand> {
    if let [it] = operands { Ok(it) } else { Err(format!("{} operands, not one", operands.len())) }
}

fn arithmetic(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let ty = w.ty()?;
    let (Some((to, sources)), true) = (operands.split_first(), w.types.len() <= 2) else { return w.unknown() };
    let to = b.result(to)?.0;
    if ty.float() && w.name != "slct" {
        let ftz = w.take("ftz");
        let name = w.rest();
        let values = sources.iter().map(|s| b.value(s, ty.bits)).collect::<Made1<Vec<At>>>()?;
        let op = match values[..] {
            [x] => float::unary(&name, ty, ftz).map(|f| Op::One(f, to, x)),
            [x, y] => float::binary(&name, ty, ftz).map(|f| Op::Two(f, to, [x, y])),
            [x, y, z] => float::ternary(&name, ty, ftz).map(|f| Op::Three(f, to, [x, y, z])),
            _ => None,
        };
        let Some(op) = op else { return w.unknown() };
        b.step(op);
        return Ok(());
    }
    if w.name == "slct" {
        let [x, y, by] = sources else { return w.unknown() };
        let bits = w.types[0].bits;
        let name = if ty.float() { "slct.f32" } else { "slct.s32" };
        let Some(f) = integer::ternary(name, ty) else { return w.unknown() };
        let op = Op::Three(f, to, [b.value(x, bits)?, b.value(y, bits)?, b.value(by, 32)?]);
        b.step(op);
        return Ok(());
    }
    let shift_amount = w.take("shiftamt");
    if w.name == "bfind" {
        let Some(f) = integer::find(as_unsigned(ty), shift_amount) else { return w.unknown() };
        let op = Op::One(f, to, b.value(one(sources)?, ty.bits)?);
        b.step(op);
        return Ok(());
    }
    let name = w.rest();
    let ty = as_unsigned(ty);
    let op = match (w.name, sources) {
        (_, [x]) => {
            let x = b.value(x, ty.bits)?;
            integer::unary(&name, ty).map(|f| Op::One(f, to, x))
        }
        ("shl" | "shr", [x, by]) => {
            let of = [b.value(x, ty.bits)?, b.value(by, 32)?];
            let f = if w.before.is_empty() { integer::shift(w.name == "shl", ty) } else { None };
            f.map(|f| Op::Two(f, to, of))
        }
        (_, [x, y]) => {
            let of = [b.value(x, ty.bits)?, b.value(y, ty.bits)?];
            integer::binary(&name, ty).map(|f| Op::Two(f, to, of))
        }
        (_, [x, y, z]) => {
            // A product of twice the width is added to a number of that.
            let third = match name.as_str() {
                "mad.wide" => 2 * ty.bits,
                "bfe" | "shf.l.wrap" | "shf.r.wrap" | "shf.l.clamp" | "shf.r.clamp" | "prmt" => 32,
                _ => ty.bits,
            };
            let second = if name == "bfe" { 32 } else { ty.bits };
            let of = [b.value(x, ty.bits)?, b.value(y, second)?, b.value(z, third)?];
            integer::ternary(&name, ty).map(|f| Op::Three(f, to, of))
        }
        (_, [x, y, z, v]) => {
            let of = [b.value(x, ty.bits)?, b.value(y, ty.bits)?, b.value(z, 32)?, b.value(v, 32)?];
            integer::quaternary(&name, ty).map(|f| Op::Four(f, to, of))
        }
        _ => None,
    };
    let Some(op) = op else { return w.unknown() };
    b.step(op);
    Ok(())
}

fn special(name: &str) -> Option<Special> {
    let (base, axis) = name.rsplit_once('.').map_or((name, None), |(base, axis)| (base, "xyz".find(axis)));
    Some(match (base, axis) {
        ("%tid", Some(axis)) => Special::Tid(axis),
        ("%ntid", Some(axis)) => Special::Ntid(axis),
        ("%ctaid", Some(axis)) => Special::Ctaid(axis),
        ("%nctaid", Some(axis)) => Special::Nctaid(axis),
        ("%laneid", None) => Special::Lane,
        ("%warpid", None) => Special::Warp,
        ("%nwarpid", None) => Special::Warps,
        ("%gridid", None) => Special::Grid,
        ("%smid", None) => Special::Multiprocessor,
        ("%nsmid", None) => Special::Multiprocessors,
        ("%lanemask_eq", None) => Special::LaneMask(Compare::Eq),
        ("%lanemask_lt", None) => Special::LaneMask(Compare::Lt),
        ("%lanemask_le", None) => Special::LaneMask(Compare::Le),
        ("%lanemask_gt", None) => Special::LaneMask(Compare::Gt),
        ("%lanemask_ge", None) => Special::LaneMask(Compare::Ge),
        ("%clock" | "%clock64" | "%clock_hi" | "%globaltimer", None) => Special::Clock,
        ("%dynamic_smem_size", None) => Special::DynamicShared,
        ("%total_smem_size", None) => Special::TotalShared,
        _ => return None,
    })
}

fn moved(b: &mut Builder<'_>, w: &Words<'_>, operands: &[Operand]) -> Made1<()> {
    let (ty, [to, from]) = (w.ty()?, operands) else { return w.unknown() };
    if !w.before.is_empty() {
        return w.unknown();
    }
    if ty.kind == Kind::Pred {
        let op = Op::Logic { join: Join::And, to: b.predicate(to)?, of: [b.predicate(from)?, TRUE] };
        b.step(op);
        return Ok(());
    }
    if let Operand::Vector(parts) = to {
        let from = b.value(from, ty.bits)?;
        let bits = ty.bits / parts.len() as u32;
        let mut rows = [0; 4];
        if parts.len() > 4 || bits < 8 {
            return w.unknown();
        }
        for (row, part) in rows.iter_mut().zip(parts) {
            *row = b.result(part)?.0;
        }
        b.step(Op::Split { to: rows, from, bits, count: parts.len() as u8 });
        return Ok(());
    }
    let to = b.result(to)?.0;
    if let Operand::Vector(parts) = from {
        let bits = ty.bits / parts.len() as u32;
        let values = parts.iter().map(|part| b.value(part, bits)).collect::<Made1<Vec<At>>>()?;
        let op = match (values[..].len(), bits) {
            (2, 32) => Op::Two(two!(u64, u64, |x, y| x & 0xffff_ffff | y << 32), to, [values[0], values[1]]),
            (2, 16) => Op::Two(two!(u64, u64, |x, y| x & 0xffff | (y & 0xffff) << 16), to, [values[0], values[1]]),
            (2, 8) => Op::Two(two!(u64, u64, |x, y| x & 0xff | (y & 0xff) << 8), to, [values[0], values[1]]),
            (4, 16) => {
                let of = [values[0], values[1], values[2], values[3]];
                Op::Four(four!(u16, u64, |x, y, z, v| u64::from(x) | u64::from(y) << 16 | u64::from(z) << 32 | u64::from(v) << 48), to, of)
            }
            (4, 8) => {
                let of = [values[0], values[1], values[2], values[3]];
                Op::Four(four!(u8, u64, |x, y, z, v| u64::from(x) | u64::from(y) << 8 | u64::from(z) << 16 | u64::from(v) << 24), to, of)
            }
            _ => return w.unknown(),
        };
        b.step(op);
        return Ok(());
    }
    if let Operand::Name(name) = from
        && let Some(special) = special(name)
    {
        b.step(Op::Special(to, special));
        return Ok(());
    }
    let from = b.value(from, ty.bits)?;
    let Some(f) = integer::unary("mov", ty) else { return w.unknown() };
    b.step(Op::One(f, to, from));
    Ok(())
}

fn cvta(b: &mut Builder<'_>, w: &mut Words<'_>, operands: &[Operand]) -> Made1<()> {
    let [to, from] = operands else { return w.unknown() };
    let back = w.take("to");
    let base = match w.take_any(Space::of) {
        Some(Space::Global | Space::Const) => 0,
        Some(Space::Shared) => SHARED,
        Some(Space::Local) => LOCAL,
        Some(Space::Param) => PARAMETERS,
        _ => return w.unknown(),
    };
    let base = b.constant(base);
    let (to, from) = (b.result(to)?.0, b.value(from, 64)?);
    let f: Two = if back { two!(u64, u64, |x, y| x.wrapping_sub(y)) } else { two!(u64, u64, |x, y| x.wrapping_add(y)) };
    b.step(Op::Two(f, to, [from, base]));
    Ok(())
}

fn place(space: Space) -> Option<Place> {
    Some(match space {
        Space::Generic => Place::Generic,
        Space::Global | Space::Const => Place::Global,
        Space::Shared => Place::Shared,
        Space::Local => Place::Local,
        Space::Param => Place::Parameters,
        Space::Reg => return None,
    })
}

/// Words of order and scope, and hints to caches: there is one order here, and no cache.
fn without_order(w: &mut Words<'_>) {
    const NONE: [&str; 22] = [
        "weak",
        "relaxed",
        "acquire",
        "release",
        "acq_rel",
        "volatile",
        "mmio",
        "cta",
        "cluster",
        "gpu",
        "sys",
        "sc",
        "ca",
        "cg",
        "cs",
        "lu",
        "cv",
        "wb",
        "wt",
        "unified",
        "L1::evict_last",
        "L1::no_allocate",
    ];
    w.before.retain(|word| !NONE.contains(word));
}

/// Where, how many and of what type a load or a store is.
fn access(b: &mut Builder<'_>, w: &mut Words<'_>, address: &Operand) -> Made1<Access> {
    without_order(w);
    let cached = w.take("nc");
    let space = w.take_any(Space::of).unwrap_or(Space::Generic);
    let count = w.take_any(|word| match word {
        "v2" => Some(2),
        "v4" => Some(4),
        _ => None,
    });
    let ty = w.ty()?;
    if !w.before.is_empty() || ty.kind == Kind::Pred {
        return w.unknown();
    }
    let Operand::Address(base, offset) = address else { return Err(format!("the operand {address:?} as an address")) };
    let (address, offset) = match base {
        None => (b.constant(0), *offset),
        Some(name) => (b.value(&Operand::Name(name.clone()), 64)?, *offset),
    };
    let place = place(space).ok_or("memory of registers")?;
    let bytes = ty.bytes() as u8;
    Ok(Access { place, bytes, signed: ty.signed(), mask: !0, count: count.unwrap_or(1), address, offset, rows: [0; 4], cached })
}

/// A parameter of a call, and where in it.
fn handed(b: &mut Builder<'_>, w: &Words<'_>, address: &Operand) -> Made1<Option<(At, u64)>> {
    let Operand::Address(Some(name), offset) = address else { return Ok(None) };
    let end = |bytes: usize| *offset as u64 + w.types.last().map_or(1, |ty| ty.bytes() as u64) <= bytes as u64;
    match b.find(name)? {
        Symbol::Handed(row, bytes) if end(bytes) => Ok(Some((row, *offset as u64))),
        Symbol::Handed(..) => Err(format!("{name}+{offset}, which lies outside the parameter")),
        _ => Ok(None),
    }
}

fn parts(operand: &Operand) -> &[Operand] {
    if let Operand::Vector(parts) = operand { parts } else { std::slice::from_ref(operand) }
}

fn all_ones(bits: u32) -> u64 {
    if bits >= 64 { !0 } else { (1 << bits) - 1 }
}

fn load(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let [to, address] = operands else { return w.unknown() };
    if (w.before.contains(&"param") || w.before.contains(&"param::func"))
        && let Some((row, offset)) = handed(b, &w, address)?
    {
        let ty = w.ty()?;
        for (n, part) in parts(to).iter().enumerate() {
            let at = offset + n as u64 * ty.bytes() as u64;
            let (to, own) = b.result(part)?;
            let mask = all_ones(own.bits);
            b.step(Op::ParameterRead {
                to,
                row: row + (at / 8) as At,
                shift: (at % 8 * 8) as u32,
                bytes: ty.bytes() as u8,
                signed: ty.signed(),
                mask,
            });
        }
        return Ok(());
    }
    let mut access = access(b, &mut w, address)?;
    let to = parts(to);
    if to.len() != usize::from(access.count) {
        return w.unknown();
    }
    for (row, part) in access.rows.iter_mut().zip(to) {
        let (at, ty) = b.result(part)?;
        *row = at;
        access.mask = all_ones(ty.bits);
    }
    b.step(Op::Load(Box::new(access)));
    Ok(())
}

fn store(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let [address, from] = operands else { return w.unknown() };
    if let Some((row, offset)) = handed(b, &w, address)? {
        let ty = w.ty()?;
        for (n, part) in parts(from).iter().enumerate() {
            let at = offset + n as u64 * ty.bytes() as u64;
            let from = b.value(part, ty.bits)?;
            b.step(Op::ParameterWrite { row: row + (at / 8) as At, shift: (at % 8 * 8) as u32, bytes: ty.bytes() as u8, from });
        }
        return Ok(());
    }
    let mut access = access(b, &mut w, address)?;
    let (ty, from) = (w.ty()?, parts(from));
    if from.len() != usize::from(access.count) || access.place == Place::Parameters || access.cached {
        return w.unknown();
    }
    for (row, part) in access.rows.iter_mut().zip(from) {
        *row = b.value(part, ty.bits)?;
    }
    b.step(Op::Store(Box::new(access)));
    Ok(())
}

fn changed(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let gives = w.name == "atom";
    let (to, operands) = match operands.split_first() {
        Some((to, rest)) if gives => (Some(to), rest),
        _ => (None, operands),
    };
    let Some((address, values)) = operands.split_first() else { return w.unknown() };
    w.take("noftz");
    without_order(&mut w);
    let space = w.take_any(Space::of).unwrap_or(Space::Generic);
    let Some(name) = w.take_any(|word| atomic::known(word).then(|| word.to_owned())) else { return w.unknown() };
    let ty = w.ty()?;
    let Some(change) = atomic::change(&name, ty, space == Space::Shared) else { return w.unknown() };
    let wanted = if name == "cas" { 2 } else { 1 };
    if values.len() != wanted {
        return w.unknown();
    }
    let mut rows = [b.constant(0); 2];
    for (row, value) in rows.iter_mut().zip(values) {
        *row = b.value(value, ty.bits)?;
    }
    let Some(place) = place(space) else { return w.unknown() };
    let access = Box::new(Access { place, ..access(b, &mut w, address)? });
    let to = match to {
        Some(to) => Some(b.result(to)?.0),
        None => None,
    };
    b.step(Op::Atomic { access, change, operands: rows, to });
    Ok(())
}

fn join(word: &str) -> Option<Join> {
    Some(match word {
        "and" => Join::And,
        "or" => Join::Or,
        "xor" => Join::Xor,
        _ => return None,
    })
}

/// The comparison and what its result is joined with, if a predicate is given.
fn comparison(b: &mut Builder<'_>, w: &mut Words<'_>, more: &[Operand]) -> Made1<(super::program::Test, Option<(Join, Holds)>)> {
    let ty = as_unsigned(w.ty()?);
    let ftz = w.take("ftz");
    let joined = w.take_any(join);
    let [name] = w.before[..] else { return w.unknown() };
    let test = if ty.float() { float::compare(name, ty, ftz) } else { integer::compare(name, ty) };
    let Some(test) = test else { return w.unknown() };
    match (joined, more) {
        (None, []) => Ok((test, None)),
        (Some(join), [with]) => Ok((test, Some((join, b.predicate(with)?)))),
        _ => w.unknown(),
    }
}

fn setp(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let [to, x, y, more @ ..] = operands else { return w.unknown() };
    let bits = w.ty()?.bits;
    let (test, join) = comparison(b, &mut w, more)?;
    let (to, other) = match to {
        Operand::Pair(one, two) => (b.predicate(one)?, Some(b.predicate(two)?)),
        one => (b.predicate(one)?, None),
    };
    let op = Op::Test { test, to, other, of: [b.value(x, bits)?, b.value(y, bits)?], join };
    b.step(op);
    Ok(())
}

fn set(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let ([to, x, y, more @ ..], [given, ty]) = (operands, &w.types[..]) else { return w.unknown() };
    let (given, bits) = (*given, ty.bits);
    let one = if given.float() { 0x3f80_0000 } else { all_ones(given.bits) };
    if given.bits != 32 {
        return w.unknown();
    }
    let (test, join) = comparison(b, &mut w, more)?;
    let op = Op::Set { test, to: b.result(to)?.0, of: [b.value(x, bits)?, b.value(y, bits)?], join, one };
    b.step(op);
    Ok(())
}

fn logic(b: &mut Builder<'_>, w: &Words<'_>, operands: &[Operand]) -> Made1<()> {
    let op = match (w.name, operands) {
        ("not", [to, of]) => Op::Logic { join: Join::And, to: b.predicate(to)?, of: [b.predicate(of)? ^ NEGATED, TRUE] },
        (name, [to, x, y]) => {
            let Some(join) = join(name) else { return w.unknown() };
            Op::Logic { join, to: b.predicate(to)?, of: [b.predicate(x)?, b.predicate(y)?] }
        }
        _ => return w.unknown(),
    };
    b.step(op);
    Ok(())
}

fn carry(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let leaves = w.take("cc");
    let (ty, [to, x, y]) = (w.ty()?, operands) else { return w.unknown() };
    if !w.before.is_empty() || !matches!(ty.bits, 32 | 64) {
        return w.unknown();
    }
    let of = [b.value(x, ty.bits)?, b.value(y, ty.bits)?];
    let op = Op::Carry { to: b.result(to)?.0, of, bits: ty.bits, minus: w.name.starts_with("sub"), takes: w.name.ends_with('c'), leaves };
    b.step(op);
    Ok(())
}

fn cvt(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let ([to, from], [into, of]) = (operands, &w.types[..]) else { return w.unknown() };
    let (into, of) = (as_unsigned(*into), as_unsigned(*of));
    let rounding = w.take_any(Rounding::of);
    let ftz = w.take("ftz");
    // Numbers become integers saturating in any case.
    if !into.float() && of.float() {
        w.take("sat");
    }
    if !w.before.is_empty() {
        return w.unknown();
    }
    let (from, (to, own)) = (b.value(from, of.bits)?, b.result(to)?);
    if into.float() || of.float() {
        let Some(conversion) = Conversion::of(into, of, rounding, ftz) else { return w.unknown() };
        b.step(Op::Convert(conversion, to, from));
    } else {
        let Some(f) = between(into, of).filter(|_| rounding.is_none() && !ftz) else { return w.unknown() };
        b.step(Op::One(f, to, from));
    }
    if into.signed() && own.bits > into.bits {
        // A wider register holds it with its sign.
        let Some(widen) = between(Ty { kind: Kind::Signed, bits: own.bits }, into) else { return w.unknown() };
        b.step(Op::One(widen, to, to));
    }
    Ok(())
}

fn call(b: &mut Builder<'_>, operands: &[Operand]) -> Made1<()> {
    let lists: Vec<&Operand> = operands.iter().collect();
    let (results, rest) = match lists[..] {
        [Operand::List(results), ref rest @ ..] => (results.as_slice(), rest),
        ref rest => (&[][..], rest),
    };
    let (name, arguments) = match rest {
        [name] => (*name, &[][..]),
        [name, Operand::List(arguments), ..] => (*name, arguments.as_slice()),
        _ => return Err("a call of another shape".into()),
    };
    let mut rows = |list: &[Operand]| {
        let one = |operand: &Operand| match operand {
            Operand::Name(name) => match b.find(name)? {
                Symbol::Handed(row, bytes) => Ok((row, bytes.div_ceil(8) as u32)),
                Symbol::Register(row, _) => Ok((row, 1)),
                other => Err(format!("{name} of a call: {other:?}")),
            },
            other => Err(format!("the operand {other:?} of a call")),
        };
        list.iter().map(one).collect::<Made1<Vec<(At, u32)>>>()
    };
    let (arguments, results) = (rows(arguments)?, rows(results)?);
    let function = match name {
        Operand::Name(name) => match b.find(name)? {
            Symbol::Function(number) => Ok(number),
            Symbol::Register(row, _) => Err(row),
            other => return Err(format!("a call of {name}: {other:?}")),
        },
        other => return Err(format!("a call of {other:?}")),
    };
    b.step(Op::Call(Box::new(Call { function, arguments, results })));
    Ok(())
}

fn barrier(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let short = w.name == "bar";
    if w.take("warp") {
        w.take("sync");
        let mask = b.value(one(operands)?, 32)?;
        b.step(Op::Together { what: Together::Meet, mask, to: 0 });
        return Ok(());
    }
    w.take("cta");
    let aligned = w.take("aligned") || short;
    let arrives = w.take("arrive");
    if w.take("sync") || arrives {
        let number = operands.first().map_or(Ok(b.constant(0)), |o| b.value(o, 32))?;
        let threads = operands.get(1).map(|o| b.value(o, 32)).transpose()?;
        if !w.before.is_empty() || operands.len() > 2 || arrives && threads.is_none() {
            return w.unknown();
        }
        b.step(Op::Wait(Barrier { aligned, arrives, number, threads, counts: None }));
        return Ok(());
    }
    let (true, [to, number, between @ .., of]) = (w.take("red"), operands) else { return w.unknown() };
    let of = b.predicate(of)?;
    let count = match w.before[..] {
        ["popc"] => Count::Popc(b.result(to)?.0),
        ["and"] => Count::And(b.predicate(to)?),
        ["or"] => Count::Or(b.predicate(to)?),
        _ => return w.unknown(),
    };
    let threads = between.first().map(|o| b.value(o, 32)).transpose()?;
    let number = b.value(number, 32)?;
    b.step(Op::Wait(Barrier { aligned, arrives: false, number, threads, counts: Some((count, of)) }));
    Ok(())
}

fn together(b: &mut Builder<'_>, mut w: Words<'_>, operands: &[Operand]) -> Made1<()> {
    let (true, Some((mask, operands))) = (w.take("sync"), operands.split_last()) else { return w.unknown() };
    let mask = b.value(mask, 32)?;
    let bits = w.types.last().map_or(32, |ty| ty.bits);
    let [to, rest @ ..] = operands else { return w.unknown() };
    let (to, found) = match to {
        Operand::Pair(to, found) => (to.as_ref(), Some(b.predicate(found)?)),
        to => (to, None),
    };
    let (what, to) = match (w.name, &w.before[..], rest) {
        ("shfl", [how], [value, lane, bound]) if bits == 32 => {
            let how = match *how {
                "idx" => Shuffle::Index,
                "up" => Shuffle::Up,
                "down" => Shuffle::Down,
                "bfly" => Shuffle::Xor,
                _ => return w.unknown(),
            };
            let what = Together::Shuffle { how, value: b.value(value, 32)?, lane: b.value(lane, 32)?, bound: b.value(bound, 32)?, found };
            (what, b.result(to)?.0)
        }
        ("vote", ["ballot"], [of]) => (Together::Vote { vote: Vote::Ballot, holds: b.predicate(of)? }, b.result(to)?.0),
        ("vote", [how], [of]) => {
            let vote = match *how {
                "all" => Vote::All,
                "any" => Vote::Any,
                "uni" => Vote::Uniform,
                _ => return w.unknown(),
            };
            (Together::Vote { vote, holds: b.predicate(of)? }, b.predicate(to)?)
        }
        ("match", ["any"], [value]) => (Together::MatchAny { value: b.value(value, bits)? }, b.result(to)?.0),
        ("match", ["all"], [value]) => (Together::MatchAll { value: b.value(value, bits)?, found }, b.result(to)?.0),
        ("redux", [name], [value]) => {
            let change: Option<Change> = atomic::change(name, w.ty()?, true);
            let Some(change) = change.filter(|_| matches!(*name, "add" | "min" | "max" | "and" | "or" | "xor")) else { return w.unknown() };
            (Together::Reduce { change, value: b.value(value, 32)? }, b.result(to)?.0)
        }
        ("elect", [], []) => {
            let Some(found) = found else { return w.unknown() };
            (Together::Elect { found }, b.result(to)?.0)
        }
        _ => return w.unknown(),
    };
    b.step(Op::Together { what, mask, to });
    Ok(())
}
