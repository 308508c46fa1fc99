import CProcess
package import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How a plugin's process is started.
package struct ChildCommand: Sendable {
    /// Its id.
    let plugin: String
    package let command: SpawnCommand
    /// In seconds.
    let startLimit: Int

    /// Variables of ours that every plugin gets: those that say where programs are, which language people read, and where scratch files go.
    private static let inherited = ["PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"]

    /// - Throws: `CallError` `failedPrecondition` if there is no such program.
    package init(_ folder: PluginFolder, _ process: PluginManifest.Process, isConfined: Bool) throws(CallError) {
        plugin = folder.manifest.id
        let name = process.entry[0]
        guard let found = SpawnCommand.find(name, from: folder.path) else {
            throw CallError(.failedPrecondition, "plugin \(plugin) cannot be started: there is no program \(name)"
                            + (name.contains("/") ? " in \(folder.path)" : " in PATH"), reason: "PLUGIN_PROGRAM_MISSING")
        }
        command = Self.command(folder, found, Array(process.entry.dropFirst()), environment: process.environment, memory: process.limits.memory, isConfined: isConfined)
        startLimit = process.limits.start
    }

    /// How a program is started that serves the plugin of a library: as if the plugin were that program.
    ///
    /// - Parameter program: Absolute.
    package static func serving(_ folder: PluginFolder, with program: String, _ arguments: [String], isConfined: Bool) -> SpawnCommand {
        command(folder, program, arguments, environment: [], memory: 0, isConfined: isConfined)
    }

    /// - Parameters:
    ///   - environment: Names of variables of ours that it gets beside those that all get.
    ///   - memory: In millions of bytes; 0: no limit.
    private static func command(_ folder: PluginFolder, _ program: String, _ arguments: [String], environment: [String], memory: Int, isConfined: Bool) -> SpawnCommand {
        var variables: [String] = []
        for name in inherited + environment where !variables.contains(where: { $0.hasPrefix(name + "=") }) {
            if let value = getenv(name) { variables.append("\(name)=\(String(cString: value))") }
        }
        // What Python would write beside its modules is not for a folder that may be read-only.
        variables += ["MIEN_PLUGIN=\(folder.manifest.id)", "PYTHONDONTWRITEBYTECODE=1"]
        // The whole path as the program's name: by it Python finds the environment that it belongs to.
        return SpawnCommand(program: program, arguments: [program] + arguments, environment: variables, folder: folder.path, memory: UInt64(memory) * 1_000_000,
                            confinement: isConfined ? UInt32(MIEN_CONFINE_NETWORK) | UInt32(MIEN_CONFINE_FILES) : 0)
    }

    /// Starts the process. Blocks for a moment; to be called on a thread that lasts as long as this process.
    ///
    /// - Throws: `CallError` `unavailable`.
    func spawn(_ media: MediaMemory?) throws(CallError) -> SpawnCommand.Spawned {
        defer { media?.closeDescriptor() }
        do throws(SpawnCommand.Failure) {
            return try command.start(media: media?.descriptor ?? 0)
        } catch {
            throw CallError(.unavailable, "plugin \(plugin) cannot be started: \(error)", reason: "PLUGIN_START_FAILED")
        }
    }
}
