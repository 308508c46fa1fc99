import ArgumentParser
import MienEstimation
import MienHost
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
            help: ArgumentHelp("Add the estimator of a folder with a face.json, or those of the folders in it; may be given several times. $MIEN_PLUGINS holds more, with colons between.",
                               valueName: "folder"),
            completion: .directory)
    var folders: [String] = []

    /// The plugins that the command line names.
    ///
    /// - Throws: `Failure` if one cannot be used.
    func named() throws -> Plugins {
        var plugins = Plugins()
        for folder in folders { try plugins.add(named: absolute(folder)) }
        return plugins
    }
}

/// Estimators that do not come with this build but lie in folders, each with its manifest.
struct Plugins {
    /// The environment's list of folders.
    static let variable = "MIEN_PLUGINS"

    private var faces: [OnnxFacePlugin] = []
    /// Ids that are taken. Nil until a plugin is there: most hosts have none, and should start fast.
    private var ids: Set<String>?
    /// Folders that were read, however they are named.
    private var known: Set<String> = []

    var estimators: [EstimatorFactory] { faces.map(\.factory) }

    var models: [ModelFacts] {
        faces.map(\.manifest).map { ModelFacts(id: $0.id, version: $0.version, license: $0.licence, attribution: $0.attribution) }
    }

    /// Adds what a folder stands for that somebody has named.
    ///
    /// - Throws: `Failure` if there is no plugin, or one that cannot be used.
    mutating func add(named folder: String) throws {
        do {
            let found = try OnnxFacePlugin.plugins(in: folder)
            if found.isEmpty { throw Failure("\(folder) holds no \(OnnxFacePlugin.manifestName), and no folder that does", code: ExitStatus.configuration) }
            for plugin in found { try add(try plugin.get()) }
        } catch {
            throw Failure(Self.reason(error), code: (error as? Failure)?.code ?? ExitStatus.configuration)
        }
    }

    /// Adds what lies in folders that are part of the environment, as far as it can be used.
    ///
    /// - Parameter list: Folders with colons between.
    /// - Returns: Why something was left out.
    mutating func add(inherited list: String?) -> [String] {
        var reasons: [String] = []
        for folder in (list ?? "").split(separator: ":") {
            do {
                for plugin in try OnnxFacePlugin.plugins(in: absolute(String(folder))) {
                    do { try add(try plugin.get()) } catch { reasons.append(Self.reason(error)) }
                }
            } catch {
                reasons.append(Self.reason(error))
            }
        }
        return reasons
    }

    private static func reason(_ error: any Error) -> String { printable((error as? Failure)?.message ?? "\(error)") }

    /// - Throws: `Failure` if its id is taken.
    private mutating func add(_ plugin: OnnxFacePlugin) throws {
        guard known.insert(real(plugin.folder)).inserted else { return }
        var taken = try ids ?? BuiltIn.ids()
        guard taken.insert(plugin.manifest.id).inserted else {
            let other = faces.first { $0.manifest.id == plugin.manifest.id }
            throw Failure("\(plugin.folder)/\(OnnxFacePlugin.manifestName): id \(plugin.manifest.id) is that of \(other?.folder ?? "an estimator or a model of this build") as well",
                          code: ExitStatus.configuration)
        }
        ids = taken
        faces.append(plugin)
    }

    /// A folder's path without links.
    private func real(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }
}
