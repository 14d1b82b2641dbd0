//! The desktop shell: a window on the workbench and nothing else.
//!
//! This is the only crate that knows Tauri. Commands are in `commands.rs`, one
//! line each; the TypeScript in `ui/src/lib/ipc/bindings.ts` is generated from
//! them, committed, and held to them by the test below.

mod chosen;
mod commands;

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::{DragDropEvent, Manager, WindowEvent};
use tauri_specta::{Builder, ErrorHandlingMode, Event, collect_commands, collect_events};
use workbench::{Environment, Workbench};

use chosen::{Chosen, Use};
use commands::Shell;

/// What imports free goes back to the system: they work in many short-lived threads, and what the C library's allocator
/// keeps for each of those adds up from one import to the next. Whatever is freed is zeroed first: keys, passphrases and
/// what was shown leave memory when a workspace is locked, also where a library kept them in a text of its own.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<tikv_jemallocator::Jemalloc> =
    zeroizing_alloc::ZeroAlloc(tikv_jemallocator::Jemalloc);

/// Something the window shows has changed; it asks again for what it needs.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
struct Changed {
    /// `vault` (records, incidents, ledger) or `jobs` (progress).
    what: String,
}

fn ipc() -> Builder<tauri::Wry> {
    use chosen::*;
    use commands::*;
    Builder::new()
        .commands(collect_commands![
            may_type_paths,
            choose_files,
            choose_folder,
            choose_target,
            start,
            create_workspace,
            open_workspace,
            recover_workspace,
            restore_workspace,
            change_passphrase,
            open_sample,
            lock,
            overview,
            import_paths,
            import_report,
            cancel_job,
            import_resume,
            import_discard,
            quarantine,
            quarantine_admit,
            quarantine_export,
            search_records,
            look_up,
            record,
            complete_query,
            sources,
            imports,
            source_files,
            source_file,
            check_source,
            add_source,
            assign_source,
            to_classify,
            classify_preview,
            classify,
            rebuild,
            trust,
            trust_add,
            trust_policy,
            trust_preview,
            trust_change,
            trust_confirm,
            trust_load,
            trust_save,
            cloudtrail,
            pin_trail,
            fork_proof_write,
            incidents,
            incident,
            open_incident,
            set_field,
            add_item,
            edit_item,
            withdraw_item,
            pin_records,
            save_search,
            map_control,
            advance,
            waive,
            go_back,
            reopen,
            act,
            approve,
            detections,
            detection,
            open_detections,
            link_detections,
            dismiss_detections,
            reconsider_detection,
            subject,
            packet_plan,
            packet_write,
            packets,
            packet_keys_save,
            packet_sign,
            verify_file,
            controls,
            custody,
            fsck,
            settings,
            set_settings,
            set_purpose,
        ])
        .events(collect_events![Changed])
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        // Only the numbers inside form values (`serde_json::Value`) are of that kind: our own
        // counts are 32 bits wide, and log sizes stay below 2^53.
        .dangerously_cast_bigints_to_number()
}

fn main() {
    workbench::seen::quiet_panics();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(false)
        .with_writer(|| workbench::seen::EventLines(std::io::stderr()))
        .init();
    let ipc = ipc();
    let bench = Workbench::new(Environment::of_this_machine());
    let handler = ipc.invoke_handler();
    let started = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            if let Some(window) = app.get_webview_window("main") {
                let _ = window.set_focus();
            }
        }))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .manage(Shell {
            bench: bench.clone(),
            chosen: Chosen::of_this_start(),
        })
        .on_window_event(|window, event| {
            if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
                let shell = window.state::<Shell>();
                for path in paths {
                    shell.chosen.add(Use::Read, path);
                }
            }
        })
        .invoke_handler(handler)
        .setup(move |app| {
            ipc.mount_events(app);
            let window = app.handle().clone();
            let mut changes = bench.changes();
            tauri::async_runtime::spawn(async move {
                while let Some(what) = changes.next().await {
                    let _ = Changed { what: what.into() }.emit(&window);
                }
            });
            Ok(())
        })
        .run(tauri::generate_context!());
    if let Err(error) = started {
        tracing::error!(%error, "the window could not be opened");
        std::process::exit(2);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `MUNIMENT_UPDATE=1 cargo test -p muniment-desktop` rewrites the file.
    #[test]
    fn generated_typescript_is_current() {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/lib/ipc/bindings.ts");
        let fresh = tempfile::tempdir().expect("a temporary folder");
        let file = fresh.path().join("bindings.ts");
        super::ipc()
            .export(specta_typescript::Typescript::default(), &file)
            .expect("every type of the IPC exports");
        let fresh = std::fs::read_to_string(&file).expect("just written");
        if std::env::var_os("MUNIMENT_UPDATE").is_some() {
            std::fs::write(&committed, &fresh).expect("ui/src/lib/ipc is writable");
        }
        let committed = std::fs::read_to_string(&committed).unwrap_or_default();
        assert!(
            committed == fresh,
            "ui/src/lib/ipc/bindings.ts is stale: run `cargo xtask schemas`"
        );
    }
}
