import ArgumentParser
import MienEstimation
import MienHost
import MienManifest
import MienMessages
import MienModels
import MienPlugins
import OnnxFace
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What every command can be told that may use estimators of plugins.
struct PluginArguments: ParsableArguments {
    @Option(name: .customLong("plugin"),
            help: ArgumentHelp("Add the plugin of a folder with a plugin.json or face.json, or those of the folders in it; may be given several times. $MIEN_PLUGINS holds more, with colons between, and those in the folder plugins beside the models are always there.",
                               valueName: "folder"),
            completion: .directory)
    var folders: [String] = []

    @Flag(help: "Let processes of plugins use the network and write anywhere. Otherwise they may write to their own folder only, where the system can see to that.")
    var unconfined = false

    /// The plugins that the command line names.
    ///
    /// - Throws: `Failure` if one cannot be used.
    func named() throws -> Plugins {
        var plugins = Plugins()
        for folder in folders { try plugins.add(named: absolute(folder)) }
        return plugins
    }

    /// Those, and all that are part of the environment.
    ///
    /// - Parameter complain: Gets a line for each of the latter that cannot be used.
    /// - Throws: `Failure` if one that the command line names cannot be used.
    func all(_ complain: (String) -> Void) throws -> Plugins {
        var plugins = try named()
        plugins.addInherited().forEach(complain)
        return plugins
    }

    /// For a host of our own.
    var forwarded: [String] { folders.flatMap { ["--plugin", absolute($0)] } + (unconfined ? ["--unconfined"] : []) }
}

/// Estimators that do not come with this build but lie in folders, each with its manifest.
struct Plugins {
    /// The environment's list of folders.
    static let variable = "MIEN_PLUGINS"
    /// Beside the models; nil if it is not there.
    static var installed: String? {
        guard let home = try? ModelStore.defaultHome() else { return nil }
        return access("\(home)/plugins", R_OK) == 0 ? "\(home)/plugins" : nil
    }

    private(set) var found: [Plugin] = []
    /// Ids that are taken. Nil until a plugin is there: most hosts have none, and should start fast.
    private var ids: Set<String>?
    /// Folders that were read, however they are named.
    private var known: Set<String> = []

    /// How to reach each plugin; nil for those without code of their own.
    func endpoints(isConfined: Bool, log: HostLog) -> [(any PluginEndpoint)?] { found.map { $0.endpoint(isConfined: isConfined, log: log) } }

    /// - Parameter endpoints: Those of all plugins.
    func estimators(_ endpoints: [(any PluginEndpoint)?]) -> [EstimatorFactory] { zip(found, endpoints).flatMap { $0.factories($1) } }

    var models: [ModelFacts] { found.flatMap(\.models) }

    /// Adds what a folder stands for that somebody has named.
    ///
    /// - Throws: `Failure` if there is no plugin, or one that cannot be used.
    mutating func add(named folder: String) throws {
        do {
            let plugins = try Plugin.plugins(in: folder)
            if plugins.isEmpty { throw Failure("\(folder) holds no \(Plugin.manifestNames.joined(separator: " or ")), and no folder that does", code: ExitStatus.configuration) }
            for plugin in plugins { try add(try plugin.get()) }
        } catch {
            throw Failure(Self.reason(error), code: (error as? Failure)?.code ?? ExitStatus.configuration)
        }
    }

    /// Adds what is there without anybody naming it.
    ///
    /// - Returns: A line for each that was left out.
    mutating func addInherited() -> [String] {
        let listed = add(inherited: mien.variable(Self.variable)).map { "\(Self.variable): left out: \($0)" }
        guard let folder = Self.installed else { return listed }
        return listed + add(inherited: folder).map { "\(folder): left out: \($0)" }
    }

    /// Adds what lies in folders that are part of the environment, as far as it can be used.
    ///
    /// - Parameter list: Folders with colons between.
    /// - Returns: Why something was left out.
    private mutating func add(inherited list: String?) -> [String] {
        var reasons: [String] = []
        for folder in (list ?? "").split(separator: ":") {
            do {
                for plugin in try Plugin.plugins(in: absolute(String(folder))) {
                    do { try add(try plugin.get()) } catch { reasons.append(Self.reason(error)) }
                }
            } catch {
                reasons.append(Self.reason(error))
            }
        }
        return reasons
    }

    private static func reason(_ error: any Error) -> String { printable((error as? Failure)?.message ?? "\(error)") }

    /// - Throws: `Failure` if its id, or that of one of its estimators, is taken.
    private mutating func add(_ plugin: Plugin) throws {
        guard known.insert(real(plugin.folder)).inserted else { return }
        var taken = try ids ?? BuiltIn.ids()
        for id in plugin.ids {
            guard taken.insert(id).inserted else {
                let other = found.first { $0.ids.contains(id) }
                throw Failure("\(plugin.manifestPath): id \(id) is that of \(other?.folder ?? "an estimator or a model of this build") as well", code: ExitStatus.configuration)
            }
        }
        ids = taken
        found.append(plugin)
    }

    /// A folder's path without links.
    private func real(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }
}

/// One plugin, of whatever kind.
enum Plugin {
    /// An ONNX file with a manifest: no code.
    case face(OnnxFacePlugin)
    case code(PluginFolder)

    static let manifestNames = [PluginFolder.manifestName, OnnxFacePlugin.manifestName]

    /// The plugins that a folder stands for: itself if it holds a manifest, else each folder within it that does, by name.
    ///
    /// - Returns: What each came to; empty if none is there.
    /// - Throws: `ManifestError` if it is no folder that can be read, or holds too many.
    static func plugins(in folder: String) throws(ManifestError) -> [Result<Plugin, ManifestError>] {
        try Folder.plugins(in: folder, manifests: manifestNames).map { found in
            Result { () throws(ManifestError) in
                found.manifest == PluginFolder.manifestName ? .code(try PluginFolder(path: found.folder)) : .face(try OnnxFacePlugin(folder: found.folder))
            }
        }
    }

    var folder: String {
        switch self {
        case .face(let plugin): plugin.folder
        case .code(let plugin): plugin.path
        }
    }

    var manifestPath: String {
        switch self {
        case .face: "\(folder)/\(OnnxFacePlugin.manifestName)"
        case .code: "\(folder)/\(PluginFolder.manifestName)"
        }
    }

    var id: String {
        switch self {
        case .face(let plugin): plugin.manifest.id
        case .code(let plugin): plugin.manifest.id
        }
    }

    /// Its own id and those of its estimators, each once.
    var ids: Set<String> {
        switch self {
        case .face(let plugin): [plugin.manifest.id]
        case .code(let plugin): Set(plugin.manifest.estimators.map(\.id)).union([plugin.manifest.id])
        }
    }

    var models: [ModelFacts] {
        switch self {
        case .face(let plugin):
            [ModelFacts(id: plugin.manifest.id, version: plugin.manifest.version, license: plugin.manifest.licence, attribution: plugin.manifest.attribution)]
        case .code(let plugin):
            plugin.manifest.estimators.map { ModelFacts(id: $0.id, version: $0.version, license: $0.licence, attribution: $0.attribution) }
        }
    }

    func endpoint(isConfined: Bool, log: HostLog) -> (any PluginEndpoint)? {
        if case .code(let plugin) = self { plugin.endpoint(isConfined: isConfined, log: log) } else { nil }
    }

    func factories(_ endpoint: (any PluginEndpoint)?) -> [EstimatorFactory] {
        switch self {
        case .face(let plugin): [plugin.factory]
        case .code(let plugin): endpoint.map { plugin.factories($0) } ?? []
        }
    }
}
