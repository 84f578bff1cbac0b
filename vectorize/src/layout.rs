//! Layouts of generalized ufuncs: `(m,n),(n)->(m)`.
//!
//! Owns the little grammar (NumPy's, with NEP 20's broadcastable dimensions) and the finding of core dimensions' sizes. Knows no types and no memory.

use crate::error::Error;

/// A core dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Its name, or its size as written.
    pub name: String,
    /// Its size, if the layout says it.
    pub size: Option<usize>,
    /// `n?`: operands may lack it; it then has size 1 and results lack it too.
    pub optional: bool,
    /// `n|1`: an operand's axis of size 1 is stretched.
    pub stretches: bool,
}

/// Core dimensions of each operand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// The dimensions, in order of appearance.
    pub dimensions: Vec<Dimension>,
    /// Of each input, indexes of its dimensions.
    pub inputs: Vec<Vec<usize>>,
    /// Of each output.
    pub outputs: Vec<Vec<usize>>,
}

impl Layout {
    /// Dimensions of each operand, inputs first.
    pub fn operands(&self) -> impl Iterator<Item = &[usize]> + Clone {
        self.inputs.iter().chain(&self.outputs).map(Vec::as_slice)
    }

    /// The layout in the grammar that NumPy reads: without `|1`.
    pub fn for_numpy(&self) -> String {
        self.text(false)
    }

    fn text(&self, stretches: bool) -> String {
        let one = |operand: &Vec<usize>| {
            let names = operand.iter().map(|d| {
                let d = &self.dimensions[*d];
                format!("{}{}{}", d.name, if d.optional { "?" } else { "" }, if d.stretches && stretches { "|1" } else { "" })
            });
            format!("({})", names.collect::<Vec<_>>().join(","))
        };
        let side = |operands: &[Vec<usize>]| operands.iter().map(one).collect::<Vec<_>>().join(",");
        if self.outputs.is_empty() {
            return side(&self.inputs);
        }
        format!("{}->{}", side(&self.inputs), side(&self.outputs))
    }

    /// The sizes of the core dimensions, from the shapes of the operands' last axes; `None` for an operand that is not there yet.
    ///
    /// # Errors
    /// [`Error::CoreShape`] where an operand lacks axes, two sizes differ, or nothing says a size.
    pub fn sizes(&self, shapes: &[Option<&[isize]>]) -> Result<Vec<isize>, Error> {
        let mut sizes: Vec<Option<isize>> = self.dimensions.iter().map(|d| d.size.map(|n| n as isize)).collect();
        let fault = |operand: usize, reason: String| Error::CoreShape { layout: self.to_string(), operand, reason };
        for (k, (dimensions, shape)) in self.operands().zip(shapes).enumerate() {
            let Some(shape) = shape else { continue };
            let Some(outer) = shape.len().checked_sub(dimensions.len()) else {
                return Err(fault(k, format!("it has {} axes, its core alone has {}", shape.len(), dimensions.len())));
            };
            for (&d, &extent) in dimensions.iter().zip(&shape[outer..]) {
                let dimension = &self.dimensions[d];
                let may_stretch = dimension.stretches && k < self.inputs.len();
                match sizes[d] {
                    None => sizes[d] = Some(extent),
                    Some(size) if size == extent || (may_stretch && extent == 1) => {}
                    Some(1) if may_stretch && dimension.size.is_none() => sizes[d] = Some(extent),
                    Some(size) => return Err(fault(k, format!("its dimension `{}` has size {extent}, not {size}", dimension.name))),
                }
            }
        }
        let unknown = |d: usize| {
            let operand = self.operands().position(|o| o.contains(&d)).unwrap_or(0);
            fault(operand, format!("no operand given says the size of its dimension `{}`", self.dimensions[d].name))
        };
        sizes.into_iter().enumerate().map(|(d, size)| size.ok_or_else(|| unknown(d))).collect()
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(true))
    }
}

impl std::str::FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Layout, Error> {
        let fault = |reason: String| Error::Layout { text: text.to_owned(), reason };
        let mut layout = Layout { dimensions: Vec::new(), inputs: Vec::new(), outputs: Vec::new() };
        // A function that only writes to its inputs has no outputs, nor need there be an arrow.
        let (left, right) = text.split_once("->").unwrap_or((text, ""));
        for (side, is_output) in [(left, false), (right, true)] {
            let mut rest = side.trim();
            if is_output && rest.is_empty() {
                continue;
            }
            loop {
                let Some(inner) = rest.strip_prefix('(') else {
                    return Err(fault(format!("expected `(` at `{rest}`")));
                };
                let Some((names, after)) = inner.split_once(')') else {
                    return Err(fault(format!("`({inner}` is not closed")));
                };
                let operand = layout.operand(names).map_err(fault)?;
                if is_output { &mut layout.outputs } else { &mut layout.inputs }.push(operand);
                rest = after.trim_start();
                match rest.strip_prefix(',') {
                    Some(next) => rest = next.trim_start(),
                    None if rest.is_empty() => break,
                    None => return Err(fault(format!("expected `,` or the end at `{rest}`"))),
                }
            }
        }
        if layout.operands().count() > 32 {
            return Err(fault("more than 32 operands".into()));
        }
        Ok(layout)
    }
}

impl Layout {
    fn operand(&mut self, names: &str) -> Result<Vec<usize>, String> {
        if names.trim().is_empty() {
            return Ok(Vec::new());
        }
        names.split(',').map(|name| self.dimension(name.trim())).collect()
    }

    fn dimension(&mut self, text: &str) -> Result<usize, String> {
        let (rest, stretches) = match text.split_once('|') {
            None => (text, false),
            Some((rest, one)) if one.trim() == "1" => (rest.trim_end(), true),
            Some((_, other)) => return Err(format!("a broadcastable dimension is written `n|1`, not `n|{other}`")),
        };
        let (name, optional) = match rest.strip_suffix('?') {
            Some(name) => (name.trim_end(), true),
            None => (rest, false),
        };
        if optional && stretches {
            return Err(format!("`{text}`: a dimension is either optional or broadcastable"));
        }
        let size = if name.starts_with(|c: char| c.is_ascii_digit()) {
            let size: usize = name.parse().map_err(|_| format!("`{name}` is neither a size nor a name"))?;
            if size == 0 {
                return Err("a fixed dimension has at least size 1".into());
            }
            Some(size)
        } else if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            None
        } else {
            return Err(format!("`{text}` is not a dimension"));
        };
        let new = Dimension { name: name.to_owned(), size, optional, stretches };
        let Some(place) = self.dimensions.iter().position(|d| d.name == new.name) else {
            self.dimensions.push(new);
            return Ok(self.dimensions.len() - 1);
        };
        if self.dimensions[place].optional != new.optional {
            return Err(format!("`{name}` must be optional everywhere or nowhere"));
        }
        self.dimensions[place].stretches |= stretches;
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> Layout {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_grammar() {
        let matmul = layout("(m?, n),(n, p?) -> (m?,p?)");
        assert_eq!((matmul.inputs.clone(), matmul.outputs.clone()), (vec![vec![0, 1], vec![1, 2]], vec![vec![0, 2]]));
        assert_eq!(matmul.to_string(), "(m?,n),(n,p?)->(m?,p?)");
        assert_eq!(layout("(),()->(),()").to_string(), "(),()->(),()");
        for without in ["(n),()", "(n), () ->"] {
            let layout = layout(without);
            assert_eq!((layout.outputs.len(), layout.to_string()), (0, "(n),()".to_owned()));
        }
        let cross = layout("(3),(3)->(3)");
        assert_eq!((cross.dimensions.len(), cross.dimensions[0].size), (1, Some(3)));
        let equal = layout("(n|1),(n|1)->()");
        assert_eq!((equal.to_string(), equal.for_numpy()), ("(n|1),(n|1)->()".into(), "(n),(n)->()".into()));
    }

    #[test]
    fn faults_of_layouts_are_named() {
        for (text, part) in [
            ("", "expected `(`"),
            ("(n)->(),", "expected `(`"),
            ("n->()", "expected `(` at `n`"),
            ("(n->()", "is not closed"),
            ("(n)(m)->()", "expected `,`"),
            ("(n-1)->()", "`n-1` is not a dimension"),
            ("(n|2)->()", "n|1"),
            ("(3x)->()", "neither a size nor a name"),
            ("(0)->()", "at least size 1"),
            ("(n?),(n)->()", "optional everywhere"),
        ] {
            let error = text.parse::<Layout>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn sizes_come_from_the_operands() {
        let sizes = |text: &str, shapes: &[Option<&[isize]>]| layout(text).sizes(shapes).map_err(|e| e.to_string());
        assert_eq!(sizes("(m,n),(n)->(m)", &[Some(&[7, 2, 3]), Some(&[3]), None]), Ok(vec![2, 3]));
        assert_eq!(sizes("(n|1),(n|1)->()", &[Some(&[1]), Some(&[4]), None]), Ok(vec![4]));
        assert_eq!(sizes("()->(n)", &[Some(&[2]), Some(&[2, 5])]), Ok(vec![5]));
        for (text, shapes, part) in [
            ("(m,n),(n)->(m)", &[Some(&[2isize, 3][..]), Some(&[4][..]), None][..], "`n` has size 4, not 3"),
            ("(3)->()", &[Some(&[2][..]), None][..], "`3` has size 2, not 3"),
            ("(m,n)->()", &[Some(&[2][..]), None][..], "1 axes"),
            ("()->(n)", &[Some(&[2][..]), None][..], "says the size of its dimension `n`"),
        ] {
            let error = sizes(text, shapes).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
