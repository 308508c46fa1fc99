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
    /// Absolute.
    package let folder: String
    package let program: String
    package let arguments: [String]
    package let environment: [String]
    /// In millions of bytes.
    package let memory: Int
    /// In seconds.
    let startLimit: Int
    package let confinement: UInt32

    /// Variables of ours that every plugin gets: those that say where programs are, which language people read, and where scratch files go.
    private static let inherited = ["PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"]

    /// - Throws: `CallError` `failedPrecondition` if there is no such program.
    package init(_ folder: PluginFolder, _ process: PluginManifest.Process, isConfined: Bool) throws(CallError) {
        plugin = folder.manifest.id
        self.folder = folder.path
        let name = process.entry[0]
        guard let found = Self.find(name, in: folder.path) else {
            throw CallError(.failedPrecondition, "plugin \(plugin) cannot be started: there is no program \(name)"
                            + (name.contains("/") ? " in \(folder.path)" : " in PATH"), reason: "PLUGIN_PROGRAM_MISSING")
        }
        program = found
        // The whole path, by which Python finds the environment that it belongs to.
        arguments = [found] + process.entry.dropFirst()
        var variables: [String] = []
        for name in Self.inherited + process.environment where !variables.contains(where: { $0.hasPrefix(name + "=") }) {
            if let value = getenv(name) { variables.append("\(name)=\(String(cString: value))") }
        }
        // What Python would write beside its modules is not for a folder that may be read-only.
        environment = variables + ["MIEN_PLUGIN=\(plugin)", "PYTHONDONTWRITEBYTECODE=1"]
        memory = process.limits.memory
        startLimit = process.limits.start
        confinement = isConfined ? UInt32(MIEN_CONFINE_NETWORK) | UInt32(MIEN_CONFINE_FILES) : 0
    }

    private static func find(_ name: String, in folder: String) -> String? {
        func isProgram(_ path: String) -> Bool {
            var info = stat()
            return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }
        if name.contains("/") {
            let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
            return isProgram(path) ? path : nil
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { $0.hasPrefix("/") && isProgram($0) }
    }

    /// A process that runs, and our ends of its pipes: what we write to it, what we read from it, and its stderr.
    struct Pipes: Sendable {
        let pid: Int32
        let input: CInt
        let output: CInt
        let errors: CInt
    }

    /// Starts the process. Blocks for a moment; to be called on a thread that lasts as long as this process.
    ///
    /// - Throws: `CallError` `unavailable`.
    func spawn() throws(CallError) -> Pipes {
        let input: Pipe, output: Pipe, errors: Pipe
        do throws(Pipe.Failure) {
            input = try Pipe()
            output = try Pipe()
            errors = try Pipe()
        } catch {
            throw failure(error.description)
        }
        let arguments = CStrings(self.arguments), environment = CStrings(self.environment), writable = CStrings([folder])
        var pid: CInt = 0
        var stage: UnsafePointer<CChar>?
        let status: CInt = withExtendedLifetime((input, output, errors, arguments, environment, writable)) {
            program.withCString { program in
                folder.withCString { folder in
                    var child = mien_child()
                    child.path = program
                    child.arguments = arguments.constantPointer
                    child.environment = environment.constantPointer
                    child.folder = folder
                    (child.input, child.output, child.errors) = (input.readEnd, output.writeEnd, errors.writeEnd)
                    child.memory_bytes = UInt64(memory) * 1_000_000
                    child.confinement = confinement
                    child.writable = writable.constantPointer
                    return mien_spawn(&child, &pid, &stage)
                }
            }
        }
        guard status == 0 else { throw failure("\(program): \(stage.map { "\(String(cString: $0)): " } ?? "")\(String(cString: strerror(status)))") }
        return Pipes(pid: pid, input: input.takeWriteEnd(), output: output.takeReadEnd(), errors: errors.takeReadEnd())
    }

    private func failure(_ what: String) -> CallError {
        CallError(.unavailable, "plugin \(plugin) cannot be started: \(what)", reason: "PLUGIN_START_FAILED")
    }
}
