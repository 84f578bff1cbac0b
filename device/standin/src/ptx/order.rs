//! An order of a function's blocks in which each loop is one run, and what follows from a block comes behind it but for the way back.
//!
//! A warp whose lanes are in several places runs those that are furthest back in this order: so lanes meet again where their paths do.

/// The blocks that are reached from block 0.
pub(super) fn order(next: &[Vec<usize>]) -> Vec<usize> {
    let mut all = Vec::new();
    let mut inside = vec![true; next.len()];
    place(next, &mut inside, 0, &mut all);
    all
}

/// Places what is reached from `entry` among the blocks that are `inside`.
fn place(next: &[Vec<usize>], inside: &mut [bool], entry: usize, all: &mut Vec<usize>) {
    for mut part in parts(next, inside, &[entry]) {
        place_part(next, &mut part, all, entry);
    }
}

fn place_part(next: &[Vec<usize>], part: &mut [usize], all: &mut Vec<usize>, entry: usize) {
    let head = if part.contains(&entry) { entry } else { part[0] };
    all.push(head);
    if part.len() == 1 {
        return;
    }
    // Without its head a loop falls into parts, loops among them.
    let mut inside = vec![false; next.len()];
    part.iter().filter(|block| **block != head).for_each(|block| inside[*block] = true);
    let entries: Vec<usize> = next[head].iter().copied().filter(|block| inside[*block]).collect();
    let mut placed = vec![false; next.len()];
    let rest: Vec<usize> = part.iter().copied().filter(|block| *block != head).collect();
    for mut inner in parts(next, &inside, &[entries, rest].concat()) {
        inner.iter().for_each(|block| placed[*block] = true);
        let first = inner[0];
        place_part(next, &mut inner, all, first);
    }
}

/// The strongly connected parts of the blocks inside that are reached from some, those that come before others first; of each part its first block found first.
fn parts(next: &[Vec<usize>], inside: &[bool], from: &[usize]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let (mut number, mut low) = (vec![NEW; next.len()], vec![0; next.len()]);
    let mut open = vec![false; next.len()];
    let (mut stack, mut found, mut count) = (Vec::new(), Vec::new(), 0);
    for &start in from {
        if number[start] != NEW || !inside[start] {
            continue;
        }
        let mut path = vec![(start, 0)];
        while let Some((block, way)) = path.last_mut() {
            let block = *block;
            if *way == 0 && number[block] == NEW {
                number[block] = count;
                low[block] = count;
                count += 1;
                stack.push(block);
                open[block] = true;
            }
            if let Some(&to) = next[block].get(*way) {
                *way += 1;
                if inside[to] {
                    if number[to] == NEW {
                        path.push((to, 0));
                    } else if open[to] {
                        low[block] = low[block].min(number[to]);
                    }
                }
                continue;
            }
            path.pop();
            if let Some((above, _)) = path.last() {
                low[*above] = low[*above].min(low[block]);
            }
            if low[block] == number[block] {
                let at = stack.iter().rposition(|b| *b == block).expect("it was put there");
                let part = stack.split_off(at);
                part.iter().for_each(|b| open[*b] = false);
                found.push(part);
            }
        }
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn loops_are_runs_and_what_follows_comes_behind() {
        // A loop of 1, 2 and 3 whose head may leave to 4, which the text has in between.
        assert_eq!(order(&[vec![1], vec![2, 4], vec![3], vec![1], vec![]]), [0, 1, 2, 3, 4]);
        // A branch whose sides meet in 3; the text has the end first.
        assert_eq!(order(&[vec![2, 3], vec![], vec![3], vec![1]]), [0, 2, 3, 1]);
        // A loop in a loop, left from within; 6 is reached by nobody.
        let nested = [vec![1], vec![2, 5], vec![3], vec![2, 4], vec![1], vec![], vec![0]];
        assert_eq!(order(&nested), [0, 1, 2, 3, 4, 5]);
        assert_eq!(order(&[vec![0]]), [0]);
    }
}
