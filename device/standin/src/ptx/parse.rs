//! PTX's text into declarations and instructions: what is written, not what it means.
//!
//! Names are left as they are, with the scopes in which they stand; [`super::lower`] finds what each one is. What follows no rule of the language is an error with its line.

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Bits,
    Unsigned,
    Signed,
    Float,
    Brain,
    Pred,
}

/// A type: `.u32` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ty {
    pub(super) kind: Kind,
    pub(super) bits: u32,
}

impl Ty {
    /// The type of a word without its dot.
    pub(super) fn of(word: &str) -> Option<Ty> {
        let (kind, bits) = match word {
            "pred" => (Kind::Pred, 1),
            "bf16" => (Kind::Brain, 16),
            _ => {
                let kind = match word.as_bytes().first()? {
                    b'b' => Kind::Bits,
                    b'u' => Kind::Unsigned,
                    b's' => Kind::Signed,
                    b'f' => Kind::Float,
                    _ => return None,
                };
                (kind, word[1..].parse().ok()?)
            }
        };
        let known = match kind {
            Kind::Float => matches!(bits, 16 | 32 | 64),
            Kind::Bits => matches!(bits, 8 | 16 | 32 | 64 | 128),
            Kind::Pred | Kind::Brain => true,
            _ => matches!(bits, 8 | 16 | 32 | 64),
        };
        known.then_some(Ty { kind, bits })
    }

    pub(super) fn bytes(self) -> usize {
        self.bits.div_ceil(8) as usize
    }

    pub(super) fn signed(self) -> bool {
        self.kind == Kind::Signed
    }

    pub(super) fn float(self) -> bool {
        matches!(self.kind, Kind::Float | Kind::Brain)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Generic,
    Reg,
    Param,
    Global,
    Const,
    Shared,
    Local,
}

impl Space {
    pub(super) fn of(word: &str) -> Option<Space> {
        Some(match word {
            "reg" => Space::Reg,
            "param" => Space::Param,
            "global" => Space::Global,
            "const" => Space::Const,
            "shared" | "shared::cta" => Space::Shared,
            "local" => Space::Local,
            _ => return None,
        })
    }
}

/// What a variable is filled with: bytes, and addresses of others at offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filling {
    pub(super) bytes: Vec<u8>,
    /// Offset, name, and what is added to its address; generic ones are told apart.
    pub(super) addresses: Vec<(usize, String, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) space: Space,
    pub(super) ty: Ty,
    pub(super) align: usize,
    /// Elements: 1 of what is no array, 0 of one whose length is left open.
    pub(super) count: usize,
    pub(super) filling: Filling,
    /// `%r<7>` declares seven.
    pub(super) family: bool,
}

impl Variable {
    pub(super) fn bytes(&self) -> usize {
        self.ty.bytes() * self.count
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Name(String),
    Not(String),
    Int(u64),
    Single(u32),
    Double(u64),
    /// A name and what is added to its address.
    Sum(String, i64),
    /// `[base+offset]`; the base may be a number, as the offset alone.
    Address(Option<String>, i64),
    /// Braces.
    Vector(Vec<Operand>),
    /// Parentheses.
    List(Vec<Operand>),
    /// `a|b`.
    Pair(Box<Operand>, Box<Operand>),
}

#[derive(Clone, Debug)]
pub(super) struct Instruction {
    /// A predicate, and whether it is negated.
    pub(super) guard: Option<(String, bool)>,
    /// `add.rn.f32` in its parts.
    pub(super) words: Vec<String>,
    pub(super) operands: Vec<Operand>,
    pub(super) line: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Item {
    Open,
    Close,
    Declare(Variable),
    Label(String),
    /// Labels of `.branchtargets`, under the label before.
    Targets(Vec<String>),
    Run(Instruction),
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) entry: bool,
    pub(super) parameters: Vec<Variable>,
    pub(super) returns: Vec<Variable>,
    /// Threads of a block at most.
    pub(super) threads: u32,
    pub(super) body: Option<Vec<Item>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Module {
    pub(super) variables: Vec<Variable>,
    pub(super) functions: Vec<Function>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text,
    Mark(char),
}

struct Tokens {
    all: Vec<(Token, u32)>,
    at: usize,
}

type Read<T> = Result<T, String>;

fn tokens(text: &str) -> Read<Tokens> {
    let mut all = Vec::new();
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let c = bytes[at];
        match c {
            b'\n' => {
                line += 1;
                at += 1;
            }
            b' ' | b'\t' | b'\r' => at += 1,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at += bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = text[at..].find("*/").ok_or_else(|| format!("line {line}: a comment does not end"))?;
                line += text[at..at + end].matches('\n').count() as u32;
                at += end + 2;
            }
            b'"' => {
                let end = bytes[at + 1..].iter().position(|b| *b == b'"').ok_or_else(|| format!("line {line}: a string does not end"))?;
                all.push((Token::Text, line));
                at += end + 2;
            }
            _ if is_word(c) => {
                let end = bytes[at..].iter().position(|b| !is_word(*b)).unwrap_or(bytes.len() - at);
                let mut word = text[at..at + end].to_owned();
                at += end;
                // `.shared::cta` is one word.
                while bytes[at..].starts_with(b"::") {
                    let more = bytes[at + 2..].iter().position(|b| !is_word(*b)).unwrap_or(bytes.len() - at - 2);
                    word.push_str(&text[at..at + 2 + more]);
                    at += 2 + more;
                }
                all.push((Token::Word(word), line));
            }
            _ if c.is_ascii_graphic() => {
                all.push((Token::Mark(char::from(c)), line));
                at += 1;
            }
            _ => return Err(format!("line {line}: a character that PTX does not have")),
        }
    }
    Ok(Tokens { all, at: 0 })
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'%' | b'.')
}

impl Tokens {
    fn line(&self) -> u32 {
        self.all.get(self.at).or(self.all.last()).map_or(0, |t| t.1)
    }

    fn wrong<T>(&self, what: &str) -> Read<T> {
        let found = match self.all.get(self.at) {
            Some((Token::Word(word), _)) => word.clone(),
            Some((Token::Mark(mark), _)) => mark.to_string(),
            Some((Token::Text, _)) => "a string".to_owned(),
            None => "the end".to_owned(),
        };
        Err(format!("ptxas application ptx input, line {}; error   : {what} expected, not {found}", self.line()))
    }

    fn peek(&self) -> Option<&Token> {
        self.all.get(self.at).map(|t| &t.0)
    }

    fn sees(&self, mark: char) -> bool {
        self.peek() == Some(&Token::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let there = self.sees(mark);
        self.at += usize::from(there);
        there
    }

    fn must(&mut self, mark: char) -> Read<()> {
        if self.take(mark) { Ok(()) } else { self.wrong(&format!("`{mark}`")) }
    }

    fn word(&mut self) -> Read<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => self.wrong("a name"),
        }
    }

    fn number(&mut self) -> Read<u64> {
        let negative = self.take('-');
        let at = self.at;
        let word = self.word()?;
        match integer(&word) {
            Some(value) => Ok(if negative { value.wrapping_neg() } else { value }),
            None => {
                self.at = at;
                self.wrong("a number")
            }
        }
    }

    /// The rest of this line.
    fn skip_line(&mut self) {
        let line = self.line();
        while self.all.get(self.at).is_some_and(|t| t.1 == line) {
            self.at += 1;
        }
    }
}

fn integer(word: &str) -> Option<u64> {
    let digits = word.strip_suffix('U').unwrap_or(word);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match digits.get(..2) {
        Some("0x" | "0X") => u64::from_str_radix(&digits[2..], 16).ok(),
        Some("0b" | "0B") => u64::from_str_radix(&digits[2..], 2).ok(),
        _ if digits.len() > 1 && digits.starts_with('0') => u64::from_str_radix(digits, 8).ok(),
        _ => digits.parse().ok(),
    }
}

/// A whole module.
pub(super) fn module(text: &str) -> Read<Module> {
    for directive in [".version", ".target", ".address_size"] {
        if !text.contains(directive) {
            return Err(format!("ptxas application ptx input, line 1; fatal   : Missing {directive} directive"));
        }
    }
    let mut t = tokens(text)?;
    let mut module = Module::default();
    while t.peek().is_some() {
        let at = t.at;
        match t.word()?.as_str() {
            ".version" | ".target" | ".address_size" | ".file" | ".loc" => t.skip_line(),
            ".visible" | ".weak" | ".extern" | ".common" => {}
            ".pragma" => {
                t.at += 1;
                t.must(';')?;
            }
            ".entry" => {
                let function = function(&mut t, true)?;
                module.functions.push(function);
            }
            ".func" => {
                let function = function(&mut t, false)?;
                module.functions.push(function);
            }
            ".global" | ".const" | ".shared" | ".local" => {
                t.at = at;
                module.variables.push(variable(&mut t)?);
                while t.take(',') {
                    t.word()?;
                }
                t.must(';')?;
            }
            _ => {
                t.at = at;
                return t.wrong("a declaration");
            }
        }
    }
    Ok(module)
}

/// A declaration up to what ends it.
fn variable(t: &mut Tokens) -> Read<Variable> {
    let space = t.word()?;
    let Some(space) = space.strip_prefix('.').and_then(Space::of) else { return t.wrong("a state space") };
    let (mut ty, mut align, mut vector) = (None, 0, 1);
    loop {
        let at = t.at;
        let word = t.word()?;
        match word.as_str() {
            ".align" => align = t.number()? as usize,
            ".ptr" | ".managed" => {}
            ".global" | ".const" | ".shared" | ".local" => {}
            ".v2" => vector = 2,
            ".v4" => vector = 4,
            name if name.starts_with('.') => match Ty::of(&name[1..]) {
                Some(found) => ty = Some(found),
                None => {
                    t.at = at;
                    return t.wrong("a type");
                }
            },
            _ => {
                let Some(ty) = ty else {
                    t.at = at;
                    return t.wrong("a type");
                };
                let mut it = Variable { name: word, space, ty, align: 0, count: vector, filling: Filling::default(), family: false };
                it.align = if align > 0 { align } else { ty.bytes().max(1) * vector };
                if t.take('<') {
                    it.count = t.number()? as usize;
                    it.family = true;
                    t.must('>')?;
                }
                while t.take('[') {
                    it.count *= if t.sees(']') { 0 } else { t.number()? as usize };
                    t.must(']')?;
                }
                if t.take('=') {
                    fill(t, ty, &mut it.filling)?;
                    if it.count == 0 {
                        it.count = it.filling.bytes.len() / ty.bytes();
                    }
                }
                return Ok(it);
            }
        }
    }
}

fn fill(t: &mut Tokens, ty: Ty, filling: &mut Filling) -> Read<()> {
    if t.take('{') {
        while !t.take('}') {
            fill(t, ty, filling)?;
            t.take(',');
        }
        return Ok(());
    }
    let at = t.at;
    if let Ok(value) = t.number() {
        filling.bytes.extend_from_slice(&value.to_le_bytes()[..ty.bytes()]);
        return Ok(());
    }
    t.at = at;
    let mut name = t.word()?;
    let value = match (name.get(..2), ty.bits) {
        (Some("0f" | "0F"), 32) | (Some("0d" | "0D"), 64) => u64::from_str_radix(&name[2..], 16).ok(),
        _ => None,
    };
    if let Some(value) = value {
        filling.bytes.extend_from_slice(&value.to_le_bytes()[..ty.bytes()]);
        return Ok(());
    }
    let generic = name == "generic" && t.take('(');
    if generic {
        name = t.word()?;
        t.must(')')?;
    }
    let more = if t.take('+') { t.number()? } else { 0 };
    filling.addresses.push((filling.bytes.len(), name, more));
    filling.bytes.extend_from_slice(&[0; 8][..ty.bytes()]);
    Ok(())
}

fn parameters(t: &mut Tokens) -> Read<Vec<Variable>> {
    let mut all = Vec::new();
    while !t.take(')') {
        all.push(variable(t)?);
        t.take(',');
    }
    Ok(all)
}

fn function(t: &mut Tokens, entry: bool) -> Read<Function> {
    let returns = if !entry && t.take('(') { parameters(t)? } else { Vec::new() };
    let name = t.word()?;
    let parameters = if t.take('(') { parameters(t)? } else { Vec::new() };
    let mut it = Function { name, entry, parameters, returns, threads: 1024, body: None };
    loop {
        if t.take(';') {
            return Ok(it);
        }
        if t.take('{') {
            it.body = Some(body(t)?);
            return Ok(it);
        }
        let at = t.at;
        match t.word()?.as_str() {
            ".maxntid" | ".reqntid" => {
                it.threads = t.number()? as u32;
                while t.take(',') {
                    it.threads *= t.number()? as u32;
                }
            }
            ".minnctapersm" | ".maxnreg" => {
                t.number()?;
            }
            ".noreturn" => {}
            ".pragma" => {
                t.at += 1;
                t.must(';')?;
            }
            _ => {
                t.at = at;
                return t.wrong("a body");
            }
        }
    }
}

fn body(t: &mut Tokens) -> Read<Vec<Item>> {
    let mut items = Vec::new();
    let mut depth = 0;
    loop {
        if t.take('{') {
            depth += 1;
            items.push(Item::Open);
            continue;
        }
        if t.take('}') {
            if depth == 0 {
                return Ok(items);
            }
            depth -= 1;
            items.push(Item::Close);
            continue;
        }
        let (at, line) = (t.at, t.line());
        let guard = if t.take('@') {
            let negated = t.take('!');
            Some((t.word()?, negated))
        } else {
            None
        };
        let word = t.word()?;
        if guard.is_none() && t.take(':') {
            items.push(Item::Label(word));
            continue;
        }
        match word.as_str() {
            ".loc" | ".file" => t.skip_line(),
            ".pragma" => {
                t.at += 1;
                t.must(';')?;
            }
            ".branchtargets" => {
                let mut labels = vec![t.word()?];
                while t.take(',') {
                    labels.push(t.word()?);
                }
                t.must(';')?;
                items.push(Item::Targets(labels));
            }
            // The shape of a call through an address: its operands say as much.
            ".callprototype" => {
                while !t.take(';') {
                    if t.peek().is_none() {
                        return t.wrong("`;`");
                    }
                    t.at += 1;
                }
            }
            ".reg" | ".param" | ".local" | ".shared" | ".global" | ".const" => {
                t.at = at;
                let first = variable(t)?;
                let like = first.clone();
                items.push(Item::Declare(first));
                while t.take(',') {
                    items.push(Item::Declare(Variable { name: t.word()?, ..like.clone() }));
                }
                t.must(';')?;
            }
            _ if word.starts_with('.') => {
                t.at = at;
                return t.wrong("an instruction");
            }
            _ => {
                let words = word.split('.').map(str::to_owned).collect();
                let mut operands = Vec::new();
                while !t.take(';') {
                    operands.push(operand(t)?);
                    if !t.take(',') && !t.sees(';') {
                        // `call (retval), f, (parameters)` has its commas; what else stands without one is wrong.
                        return t.wrong("`,` or `;`");
                    }
                }
                items.push(Item::Run(Instruction { guard, words, operands, line }));
            }
        }
    }
}

fn several(t: &mut Tokens, end: char) -> Read<Vec<Operand>> {
    let mut all = Vec::new();
    while !t.take(end) {
        all.push(operand(t)?);
        t.take(',');
    }
    Ok(all)
}

fn operand(t: &mut Tokens) -> Read<Operand> {
    if t.take('{') {
        return Ok(Operand::Vector(several(t, '}')?));
    }
    if t.take('(') {
        return Ok(Operand::List(several(t, ')')?));
    }
    if t.take('!') {
        return Ok(Operand::Not(t.word()?));
    }
    if t.take('[') {
        let base = match t.peek() {
            Some(Token::Word(word)) if integer(word).is_none() => Some(t.word()?),
            _ => None,
        };
        let mut offset = if base.is_none() { t.number()? as i64 } else { 0 };
        while !t.take(']') {
            let negative = if t.take('-') {
                true
            } else {
                t.must('+')?;
                false
            };
            let more = t.number()? as i64;
            offset = offset.wrapping_add(if negative { more.wrapping_neg() } else { more });
        }
        return Ok(Operand::Address(base, offset));
    }
    if t.sees('-') {
        return Ok(Operand::Int(t.number()?));
    }
    let word = t.word()?;
    if let Some(digits) = word.strip_prefix("0f").or_else(|| word.strip_prefix("0F")) {
        return u32::from_str_radix(digits, 16).map(Operand::Single).or_else(|_| t.wrong("a number"));
    }
    if let Some(digits) = word.strip_prefix("0d").or_else(|| word.strip_prefix("0D")) {
        return u64::from_str_radix(digits, 16).map(Operand::Double).or_else(|_| t.wrong("a number"));
    }
    if let Some(value) = integer(&word) {
        return Ok(Operand::Int(value));
    }
    if word == "WARP_SZ" {
        return Ok(Operand::Int(32));
    }
    if t.take('|') {
        let second = operand(t)?;
        return Ok(Operand::Pair(Box::new(Operand::Name(word)), Box::new(second)));
    }
    if t.take('+') {
        return Ok(Operand::Sum(word, t.number()? as i64));
    }
    if t.sees('-') {
        return Ok(Operand::Sum(word, t.number()? as i64));
    }
    Ok(Operand::Name(word))
}
