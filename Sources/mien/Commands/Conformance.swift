import ArgumentParser
import ConformanceCases
import MienClient
import MienConformance
import MienJSON
import MienManifest
import MienMessages
import MienPlugins
import MienReflection
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct Conformance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a host, a plugin or a client to the test.",
        discussion: """
            Cases in which it has to speak the protocol by the letter; the program is started anew for each. Whether it is a host or a plugin is found out by asking it; --as tells it, --client says that it makes \
            calls on its stdin and stdout and the cases answer. Tests/Conformance/README.md explains the language of cases, for --cases.

            EXAMPLES:
              mien conformance -- mien serve
              mien conformance path/to/plugin --only estimate
              mien conformance --as plugin -- python3 plugin.py

            Exit status 0 if all cases pass, 1 if some fail, 69 if the program cannot be started or is neither a host nor a plugin.
            """)

    enum RoleName: String, ExpressibleByArgument, CaseIterable { case host, plugin }

    @Argument(help: ArgumentHelp("A folder with a plugin.json, started as a host would start it; of a library what mien plugins serve makes of it.", valueName: "plugin-folder"), completion: .directory) var folder: String?
    @Argument(parsing: .postTerminator, help: ArgumentHelp("After --: a program and its arguments.", valueName: "command")) var command: [String] = []
    @Option(help: ArgumentHelp("What the program is: host or plugin.", valueName: "role")) var `as`: RoleName?
    @Flag(help: "The program is a client: it makes calls, and the cases answer.") var client = false
    @Option(help: ArgumentHelp("Only cases with this in their name; may be given several times.", valueName: "word")) var only: [String] = []
    @Option(help: ArgumentHelp("Cases of one's own, in place of those that are built in.", valueName: "folder"), completion: .directory) var cases: String?
    @Option(help: ArgumentHelp("A file with a name of a case per line: these must fail, and one that passes is an error.", valueName: "file"), completion: .file()) var knownFailures: String?
    @Option(help: ArgumentHelp("Seconds to wait for an answer; estimates get six times that.", valueName: "seconds")) var timeout = 10.0
    @Option(help: ArgumentHelp("Cases that run at the same time.", valueName: "count")) var jobs = 2
    @Flag(help: "Show the cases that there are.") var list = false
    @Flag(help: "A line of JSON per case.") var json = false
    @Flag(help: "Let a plugin of a folder use the network and write anywhere.") var unconfined = false

    func validate() throws {
        if !list, (folder == nil) == command.isEmpty { throw ValidationError("give either a plugin's folder or, after --, a command") }
        if client, self.as != nil { throw ValidationError("--client and --as exclude each other") }
        if !(timeout > 0 && timeout <= 600) { throw ValidationError("--timeout is \(timeout); it must be above 0 and at most 600") }
        if !(1...64 ~= jobs) { throw ValidationError("--jobs is \(jobs); it must be from 1 to 64") }
    }

    func run() async throws {
        try await running {
            let descriptors = try Self.descriptors(), known = try knownNames()
            let all = try readCases(descriptors)
            for name in known where !all.contains(where: { $0.name == name }) { throw Failure("\(knownFailures ?? ""): there is no case \"\(printable(name))\"", code: ExitStatus.usage) }
            let chosen = all.filter { one in only.isEmpty || only.contains { one.name.contains($0) } }
            if list { return say(ConformanceReport.listing(chosen, Terminal(descriptor: 1)).joined(separator: "\n")) }
            if chosen.isEmpty { throw Failure("no case has \(only.joined(separator: " or ")) in its name", code: ExitStatus.usage) }
            let conformance = ConformanceRun(try peer(), descriptors, patience: .milliseconds(Int64(timeout * 1000)))
            let facts: PeerFacts
            do {
                facts = try await conformance.probe(client ? .client : self.as.map { $0 == .host ? .host : .plugin })
            } catch let failure as CaseFailure {
                throw Failure(printable("expected \(failure.expected), came \(failure.came)"), code: ExitStatus.unavailable)
            }
            let writesLines = json
            let results = await conformance.run(chosen.filter { $0.roles.contains(facts.role) }, facts, jobs: jobs) { result in
                if writesLines { say(ConformanceReport.line(ConformanceReport.Entry(result, known), facts.role)) }
            }
            let report = ConformanceReport(entries: results.map { ConformanceReport.Entry($0, known) })
            if !json { say(report.render(Terminal(descriptor: 1)).joined(separator: "\n")) }
            if report.failed > 0 { throw ExitCode(ExitStatus.someFailed) }
        }
    }

    private static func descriptors() throws -> DescriptorPool {
        do throws(ReflectionError) {
            return try DescriptorPool(fileDescriptorSet: Proto.descriptorSet)
        } catch {
            throw Failure("the descriptors of this build cannot be read: \(error)", code: ExitStatus.software)
        }
    }

    private func knownNames() throws -> Set<String> {
        guard let knownFailures else { return [] }
        let text = String(decoding: try Self.read(knownFailures), as: UTF8.self)
        return Set(text.split(whereSeparator: \.isNewline).map { String($0.prefix { $0 != "#" }).split(separator: " ").joined() }.filter { !$0.isEmpty })
    }

    private func readCases(_ descriptors: DescriptorPool) throws -> [ConformanceCase] {
        let files = try cases.map { folder in try Self.names(in: folder).map { name in (name: name, bytes: try Self.read("\(folder)/\(name)")) } } ?? ConformanceCases.files
        if files.isEmpty { throw Failure("\(cases ?? "") holds no file that ends in .json", code: ExitStatus.noInput) }
        var all: [ConformanceCase] = []
        do throws(CaseFileError) {
            for file in files { all += try ConformanceCase.read(file.bytes, file: file.name, descriptors) }
        } catch {
            throw Failure(printable(error.description), code: cases == nil ? ExitStatus.software : ExitStatus.usage)
        }
        return all
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Failure("\(path): \(String(cString: strerror(errno)))", code: ExitStatus.noInput) }
        defer { fclose(file) }
        var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    private static func names(in folder: String) throws -> [String] {
        do throws(PluginFile.Failure) {
            return try Folder.names(in: folder).filter { $0.hasSuffix(".json") }
        } catch {
            throw Failure("\(error)", code: ExitStatus.noInput)
        }
    }

    /// - Throws: `Failure`.
    private func peer() throws -> SpawnCommand {
        if let folder { return try plugin(folder) }
        let name = command[0]
        guard let program = SpawnCommand.find(name, from: absolute(".")) else { throw Failure("there is no program \(name)", code: ExitStatus.unavailable) }
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        return SpawnCommand(program: program, arguments: [name] + command.dropFirst(), environment: variables)
    }

    private func plugin(_ folder: String) throws -> SpawnCommand {
        var plugins = Plugins()
        try plugins.add(named: absolute(folder))
        guard plugins.found.count == 1, case .code(let plugin) = plugins.found[0] else {
            throw Failure("\(folder) is not one plugin with code of its own", code: ExitStatus.configuration)
        }
        do {
            switch plugin.manifest.kind {
            case .process(let process): return try ChildCommand(plugin, process, isConfined: !unconfined).command
            case .library:
                return ChildCommand.serving(plugin, with: try HostProcess.ownExecutable(), ["plugins", "serve", plugin.path], isConfined: !unconfined)
            }
        } catch {
            throw Failure((error as? CallError)?.message ?? "\(error)", code: ExitStatus.configuration)
        }
    }
}
