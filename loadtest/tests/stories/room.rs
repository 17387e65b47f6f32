use anyhow::Result;
use tokio::process::Command;

/// Fewer than the default of any scenario takes, enough to start a program.
const FILES: u64 = 256;

#[tokio::test]
async fn too_few_files_for_a_crowd_is_said_at_once_with_what_would_do() -> Result<()> {
    for scenario in ["ceiling", "watch", "calibrate", "burst"] {
        let limited = format!("ulimit -n {FILES} && exec \"$0\" {scenario}");
        let output = Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_loadtest")])
            .kill_on_drop(true)
            .output()
            .await?;
        assert_eq!(output.status.code(), Some(2), "{scenario}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("only 256 are allowed here"), "{said}");
        assert!(said.contains("`ulimit -n "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    Ok(())
}
