//! Prints the device that this process would run on, why, and what was looked for.

use verdigris_device::{choice, pool};

fn main() -> Result<(), verdigris_device::DeviceError> {
    let choice = choice::chosen()?;
    println!("device  {}: {}", choice.device, choice.reason);
    println!("GPU     {}", choice.looked_for);
    if let Some(warning) = choice.warning {
        println!("warning {warning}");
    }
    let size = pool::size();
    println!("threads {}: {}", size.threads, size.reason);
    Ok(())
}
