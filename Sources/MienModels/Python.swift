/// The Python that fetches wheels and converts files, and private environments for it under `$MIEN_HOME/tools`.
struct Python: Sendable {
    /// Path or name of the interpreter.
    let interpreter: String
    /// Changes to the environment of every run.
    var environment: [String: String] = [:]

    /// What Python says without pip, which is how Debian ships it.
    private static let noPip = "No module named pip"
    /// What pip may not do on its own.
    private static let pipEnvironment: [String: String?] = ["PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_QUIET": nil, "PIP_VERBOSE": nil]

    /// - Throws: `sourcesFailed` with what the program said, `cancelled`.
    @discardableResult
    func run(_ arguments: [String], environment changes: [String: String?] = [:], doing: String, watch: (@Sendable () -> Bool)? = nil) async throws(ModelStoreError) -> Tool.Outcome {
        let outcome: Tool.Outcome
        let environment = environment.mapValues(Optional.some).merging(changes) { $1 }
        do throws(Tool.Failure) {
            outcome = try await Tool.run(interpreter, arguments, environment: environment, watch: watch)
        } catch {
            switch error {
            case .missing: throw ModelStoreError(.sourcesFailed, "\(doing): \(interpreter) is not installed")
            case .cancelled, .stopped: throw ModelStoreError(.cancelled, "cancelled")
            case .other(let message): throw ModelStoreError(.sourcesFailed, "\(doing): \(message)")
            }
        }
        guard outcome.code == 0 else { throw ModelStoreError(.sourcesFailed, "\(doing): \(outcome.complaint)") }
        return outcome
    }

    func pip(_ arguments: [String], environment: [String: String?] = [:], doing: String, watch: (@Sendable () -> Bool)? = nil) async throws(ModelStoreError) {
        let changes = Self.pipEnvironment.merging(environment) { $1 }
        try await run(["-m", "pip"] + arguments, environment: changes, doing: doing, watch: watch)
    }

    /// Version of pip, major and minor; `nil` without pip.
    private func pipVersion() async throws(ModelStoreError) -> (Int, Int)? {
        do throws(ModelStoreError) {
            let words = try await run(["-m", "pip", "--version"], doing: "python3 -m pip").output.split(separator: " ")
            let numbers = words.dropFirst().first?.split(separator: ".").compactMap { Int($0) } ?? []
            return numbers.count >= 2 ? (numbers[0], numbers[1]) : (0, 0)
        } catch where error.description.contains(Self.noPip) {
            return nil
        }
    }

    /// Runs pip: our own or, if there is none, that of a private environment.
    func pip(_ arguments: [String], home: String, environment changes: [String: String?], doing: String, watch: @escaping @Sendable () -> Bool) async throws(ModelStoreError) {
        do throws(ModelStoreError) {
            try await pip(arguments, environment: changes, doing: doing, watch: watch)
        } catch where error.description.contains(Self.noPip) {
            let python = try await environment(name: "pip", home: home) { environment throws(ModelStoreError) in
                try await run(["-m", "venv", environment.folder], doing: "making a private Python environment")
            }
            try await python.pip(arguments, environment: changes, doing: doing, watch: watch)
        }
    }

    /// A private environment with these packages; made on first use.
    func environment(requirements: [String], home: String) async throws(ModelStoreError) -> Python {
        let digest = Digest.bytes((requirements.sorted().joined(separator: "\n") + "\n" + interpreter).utf8)
        return try await environment(name: String(digest.prefix(12)), home: home) { environment throws(ModelStoreError) in
            // From 22.3 on pip can install into an environment that has none itself, which takes a fraction of the time.
            let version = requirements.isEmpty ? nil : try await pipVersion()
            let bare = requirements.isEmpty || version.map { $0 >= (22, 3) } == true
            try await run(["-m", "venv"] + (bare ? ["--without-pip"] : []) + [environment.folder], doing: "making a private Python environment")
            if requirements.isEmpty { return }
            let install = ["install", "--only-binary", ":all:"] + requirements
            let doing = "installing \(requirements.joined(separator: ", "))"
            if bare {
                try await pip(["--python", environment.python.interpreter] + install, doing: doing)
            } else {
                try await environment.python.pip(install, doing: doing)
            }
        }
    }

    /// The private environment of that name, made by `make` unless a complete one is there.
    private func environment(name: String, home: String,
                             make: (_ new: (folder: String, python: Python)) async throws(ModelStoreError) -> Void) async throws(ModelStoreError) -> Python {
        let tools = "\(home)/tools"
        try FileSystem.makeDirectories(tools)
        let folder = "\(tools)/python-\(name)"
        let lock = try await FileLock("\(folder).lock", onWait: {})
        defer { lock.release() }
        let made = Python(interpreter: "\(folder)/bin/python3", environment: environment)
        let marker = "\(folder)/complete"
        if FileSystem.facts(marker) != nil, FileSystem.facts(made.interpreter) != nil { return made }
        try FileSystem.remove(folder)
        try await make((folder, made))
        try FileSystem.write(Array("made by mien; may be removed at any time\n".utf8), to: marker)
        return made
    }
}
