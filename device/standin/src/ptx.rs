//! What of a module's PTX matters here: its kernels and their parameters.

/// A kernel's name and the bytes of each parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    pub(crate) name: String,
    pub(crate) parameters: Vec<usize>,
}

/// Bytes of a parameter's declaration; an error in words.
fn size_of(declaration: &str) -> Result<usize, String> {
    let unread = || format!("parameter declaration not understood: {declaration}");
    let ty = |word: &str| {
        Some(match word {
            ".u8" | ".s8" | ".b8" | ".pred" => 1,
            ".u16" | ".s16" | ".b16" | ".f16" => 2,
            ".u32" | ".s32" | ".b32" | ".f32" => 4,
            ".u64" | ".s64" | ".b64" | ".f64" => 8,
            ".b128" => 16,
            _ => return None,
        })
    };
    let one = declaration.split_whitespace().find_map(ty).ok_or_else(unread)?;
    match declaration.split_once('[') {
        None => Ok(one),
        Some((_, rest)) => {
            let count = rest.split(']').next().and_then(|n| n.trim().parse::<usize>().ok()).ok_or_else(unread)?;
            Ok(one * count)
        }
    }
}

/// The kernels of PTX, or what is wrong with it as a compiler would write.
pub(crate) fn kernels(text: &str) -> Result<Vec<Kernel>, String> {
    let text: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    for directive in [".version", ".target", ".address_size"] {
        if !text.contains(directive) {
            return Err(format!("ptxas application ptx input, line 1; fatal   : Missing {directive} directive"));
        }
    }
    let mut found = Vec::new();
    for part in text.split(".entry").skip(1) {
        let (name, rest) = part.split_once(['(', '{']).ok_or("ptxas fatal   : an entry without a body")?;
        let parameters =
            if part[name.len()..].starts_with('(') { rest.split_once(')').ok_or("ptxas fatal   : an unended parameter list")?.0 } else { "" };
        let sizes = parameters.split(',').filter(|p| !p.trim().is_empty()).map(size_of).collect::<Result<Vec<_>, _>>()?;
        found.push(Kernel { name: name.trim().to_owned(), parameters: sizes });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_from_their_declarations() {
        let text = ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry f(\n .param .u64 .ptr .global .align 4 f_param_0, // the array\n .param .f32 f_param_1,\n .param .align 8 .b8 f_param_2[24]\n)\n{ ret; }\n.entry g { ret; }";
        let kernel = |name: &str, parameters: &[usize]| Kernel { name: name.into(), parameters: parameters.into() };
        assert_eq!(kernels(text).unwrap(), [kernel("f", &[8, 4, 24]), kernel("g", &[])]);
        assert!(kernels("nonsense").unwrap_err().contains("Missing .version"));
    }
}
