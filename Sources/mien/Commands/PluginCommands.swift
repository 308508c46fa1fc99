import ArgumentParser
import MienEstimation
import MienHost
import MienJSON
import MienMessages
import MienPlugins
import MienWire
import OnnxFace
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins",
        abstract: "List, describe, try, begin and serve plugins.",
        discussion: """
            A plugin is a folder with a plugin.json (a program that speaks Mien's protocol, or a library with its C interface) or a face.json (an ONNX file). Every command finds those that --plugin \
            names, those in the folders that $MIEN_PLUGINS lists, and those in the folder plugins beside the models.
            """,
        subcommands: [List.self, Info.self, Check.self, New.self, Serve.self, Schema.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the plugins that a host would have.")
        @OptionGroup var plugins: PluginArguments

        func run() async throws {
            try await running {
                let plugins = try plugins.all(complain)
                if plugins.found.isEmpty { return say("no plugin is there") }
                var table = Table([.init("PLUGIN"), .init("VERSION"), .init("KIND"), .init("ESTIMATORS"), .init("FOLDER", shrinks: true)])
                for plugin in plugins.found {
                    table.add([.init(plugin.id, .bold), .init(plugin.version), .init(plugin.kind), .init(plugin.estimatorIDs.joined(separator: ", ")), .init(plugin.folder)])
                }
                say(table.render(Terminal(descriptor: 1)).joined(separator: "\n"))
            }
        }
    }

    struct Info: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all that a plugin's manifest says.")
        @Argument(help: ArgumentHelp("The plugin's folder, or the id of one that mien plugins list shows.", valueName: "plugin"), completion: .directory) var name: String
        @OptionGroup var plugins: PluginArguments

        func run() async throws {
            try await running { say(PluginReport.render(try plugins.one(name), Terminal(descriptor: 1)).joined(separator: "\n")) }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a plugin and ask it about made-up faces or clips.",
            discussion: "Exit status 0 if all is right, 78 if not.")
        @Argument(help: ArgumentHelp("The plugin's folder, or the id of one that mien plugins list shows.", valueName: "plugin"), completion: .directory) var name: String
        @OptionGroup var plugins: PluginArguments

        func run() async throws {
            try await running {
                let plugin = try plugins.one(name)
                var report = DoctorReport()
                report.section("\(plugin.id) \(plugin.version), \(plugin.kind)")
                report.note(.good, "manifest", plugin.manifestPath)
                switch plugin {
                case .face(let face):
                    do {
                        let models = ExtendedLibrary(StoreLibrary(try BuiltIn.store()), adding: plugin.models)
                        _ = try face.factory.load(models)
                        report.note(.good, "network", "loaded")
                    } catch {
                        report.note(.bad, "network", "\(error)")
                    }
                case .code(let folder): await Self.check(folder, isConfined: !plugins.unconfined, &report)
                }
                say(report.render(Terminal(descriptor: 1)).joined(separator: "\n"))
                if report.worst == .bad { throw ExitCode(ExitStatus.configuration) }
            }
        }

        private static func check(_ folder: PluginFolder, isConfined: Bool, _ report: inout DoctorReport) async {
            // What it prints goes to stderr, where its author looks for it.
            let log = HostLog(level: LogLevelName.notice.number), lane = ComputeLanes(count: 1)
            let endpoint = folder.endpoint(isConfined: isConfined, log: log)
            do {
                try folder.checkFiles()
                if !folder.manifest.files.isEmpty { report.note(.good, "files", "\(folder.manifest.files.count) with the right digest") }
                let start = ContinuousClock.now
                _ = try await lane.run { _ in try endpoint.describe(EstimationContext()) }
                report.note(.good, "start", "described itself as its manifest does, after \(milliseconds(ContinuousClock.now - start))")
                for estimator in folder.manifest.estimators {
                    let trial = try await lane.run { _ in try PluginTrial(estimator, endpoint) }.value
                    report.note(.good, estimator.id, "warm after \(milliseconds(trial.warm)), first answer after \(milliseconds(trial.first)), then \(milliseconds(trial.median))"
                                + (trial.batch > 1 ? "; the same in a batch of \(trial.batch)" : ""))
                }
            } catch let error as CallError {
                report.note(.bad, "it failed", error.reason.isEmpty ? error.message : "\(error.message) (\(error.reason))")
            } catch {
                report.note(.bad, "it failed", "\(error)")
            }
            await endpoint.close()
        }
    }
}

extension PluginsCommand {
    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the JSON Schema of plugin.json, for editors.",
            discussion: "Name the file that you write it to in plugin.json, as \"$schema\": \"./plugin.schema.json\".")

        func run() { say(PluginManifest.schema.text(indent: 2)) }
    }
}

/// "1.25 ms"
func milliseconds(_ duration: Duration) -> String {
    "\(fixed(Float(Double(duration.components.attoseconds) / 1e15 + Double(duration.components.seconds) * 1000), 2)) ms"
}

extension PluginArguments {
    /// The plugin that a word stands for: the folder of that name, else the one with that id.
    ///
    /// - Throws: `Failure`.
    func one(_ name: String) throws -> Plugin {
        if isFolder(name) {
            var plugins = Plugins()
            try plugins.add(named: absolute(name))
            if plugins.found.count == 1 { return plugins.found[0] }
            throw Failure("\(name) holds several plugins: \(plugins.found.map(\.id).joined(separator: ", "))", code: ExitStatus.usage)
        }
        let plugins = try all(complain)
        guard let plugin = plugins.found.first(where: { $0.ids.contains(name) }) else {
            let known = plugins.found.map(\.id)
            throw Failure("\"\(printable(name))\" is neither a folder nor the id of a plugin" + (known.isEmpty ? "" : "; there are: \(known.joined(separator: ", "))"), code: ExitStatus.usage)
        }
        return plugin
    }

    private func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(absolute(path), &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}

enum PluginReport {
    static func render(_ plugin: Plugin, _ terminal: Terminal) -> [String] {
        var lines = ["\(terminal.styled(plugin.id, .bold)) \(plugin.version), \(plugin.kind)"]
        func note(_ label: String, _ text: String) {
            guard !text.isEmpty else { return }
            for (index, line) in wrapped(printable(text), to: terminal.width.map { $0 - 16 }).enumerated() {
                lines.append((index == 0 ? "  " + label + String(repeating: " ", count: 14 - label.count) : String(repeating: " ", count: 16)) + line)
            }
        }
        note("folder", plugin.folder)
        switch plugin {
        case .face(let face):
            note("summary", face.manifest.summary)
            note("licence", face.manifest.licence)
            note("attribution", face.manifest.attribution)
            note("covers", face.manifest.categories.map(\.name).joined(separator: ", "))
            note("dimensions", face.manifest.dimensions.map(\.rawValue).joined(separator: ", "))
            note("model", face.manifest.model.file)
        case .code(let folder):
            let manifest = folder.manifest
            note("summary", manifest.summary)
            note("licence", manifest.licence)
            note("attribution", manifest.attribution)
            switch manifest.kind {
            case .process(let process):
                note("entry", process.entry.joined(separator: " "))
                note("environment", process.environment.joined(separator: ", "))
                note("limits", "\(process.limits.processes) \(process.limits.processes == 1 ? "process" : "processes"), \(process.limits.memory) MB each, "
                     + "\(process.limits.start) s to start, \(process.limits.call) s per question, \(process.restart.attempts) restarts in \(process.restart.window) s")
            case .library(let library):
                note("entry", library.file)
            }
            for file in manifest.files { note("file", file.file) }
            for estimator in manifest.estimators {
                lines += ["", "\(terminal.styled(estimator.id, .bold)) \(estimator.version)"]
                note("summary", estimator.summary)
                note("reads", input(estimator))
                note("covers", estimator.categories.joined(separator: ", "))
                note("dimensions", estimator.dimensions.joined(separator: ", "))
                note("attributes", estimator.attributes.joined(separator: ", "))
                note("native labels", estimator.nativeLabels.joined(separator: ", "))
                note("precision", estimator.precision)
                note("licence", estimator.licence)
                if estimator.memoryBytes > 0 { note("memory", byteText(Int64(clamping: estimator.memoryBytes))) }
            }
        }
        return lines
    }

    private static func input(_ estimator: Proto.PluginEstimator) -> String {
        let batch = estimator.batch > 1 ? ", up to \(estimator.batch) at a time" : ""
        switch estimator.input {
        case .face(let face):
            return "faces of \(face.width) x \(face.height) pixels, \(face.format == .gray8 ? "grey" : "in colour"), "
                + (face.crop == .aligned ? "aligned" : "box with a margin of \(fixed(face.margin, 2))\(face.square ? ", square" : "")") + batch
        case .voice(let voice): return "speech at \(voice.rate) Hz, clips of up to \(fixed(voice.maximumSeconds, 1)) s\(batch)"
        case nil: return ""
        }
    }
}

extension Plugin {
    var version: String {
        switch self {
        case .face(let plugin): plugin.manifest.version
        case .code(let plugin): plugin.manifest.version
        }
    }

    var kind: String {
        switch self {
        case .face: "ONNX file"
        case .code(let plugin):
            switch plugin.manifest.kind {
            case .process: "process"
            case .library: "library"
            }
        }
    }

    var estimatorIDs: [String] {
        switch self {
        case .face(let plugin): [plugin.manifest.id]
        case .code(let plugin): plugin.manifest.estimators.map(\.id)
        }
    }
}
