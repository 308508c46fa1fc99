import CPluginABI
import MienManifest
import MienMessages
import MienWire

/// A plugin's library in this process, which it does not leave any more, and the table that it gave.
///
/// What the table points to lives as long as the library.
struct LoadedLibrary: @unchecked Sendable {
    let table: mien_plugin
    let description: Proto.PluginDescription

    var isThreadSafe: Bool { table.flags & MIEN_PLUGIN_THREAD_SAFE != 0 }

    /// Loads a plugin's library and compares what it says of itself with the manifest.
    ///
    /// - Throws: `CallError` `failedPrecondition`.
    init(_ library: PluginManifest.Library, of services: HostServices) throws(CallError) {
        let plugin = services.plugin, path = "\(plugin.path)/\(library.file)"
        func unusable(_ words: String, _ reason: String) -> CallError {
            CallError(.failedPrecondition, "plugin \(plugin.manifest.id) cannot be used: \(words)", reason: reason, facts: [MetadataEntry("plugin", plugin.manifest.id)])
        }
        try plugin.checkFiles()
        do throws(PluginFile.Failure) { _ = try PluginFile(library.file, in: plugin.path, limit: Self.sizeLimit) } catch {
            throw unusable("\(error)", "LIBRARY_UNLOADABLE")
        }
        do throws(ManifestError) { try PluginFolder.refuseWritableByAll([path]) } catch { throw unusable("\(error)", "LIBRARY_UNLOADABLE") }

        var table = mien_plugin()
        let (outcome, words) = withMessage { mien_load_plugin(path, services.table, &table, $0.start, $0.size) }
        let ours = MIEN_PLUGIN_ABI, theirs = table.lowest_abi == table.highest_abi ? "\(table.lowest_abi)" : "\(table.lowest_abi) to \(table.highest_abi)"
        switch outcome {
        case MIEN_LOADING_DONE: break
        case MIEN_LOADING_NO_LIBRARY: throw unusable(words, "LIBRARY_UNLOADABLE")
        case MIEN_LOADING_NO_ENTRY: throw unusable("\(path) does not export mien_plugin_entry", "LIBRARY_NO_ENTRY")
        case MIEN_LOADING_REFUSED: throw unusable("\(path) does not want to work with this host, which speaks version \(ours) of the ABI", "LIBRARY_REFUSED")
        case MIEN_LOADING_OTHER_ABI where table.lowest_abi > table.highest_abi:
            throw unusable("\(path) says that it speaks versions \(theirs) of the ABI, which are none", "LIBRARY_TABLE_INVALID")
        case MIEN_LOADING_OTHER_ABI:
            let advice = table.lowest_abi > ours ? "a newer host is needed" : "it has to be built anew with a newer mien_plugin.h"
            throw unusable("\(path) speaks version \(theirs) of the ABI, and this host version \(ours); \(advice)", "LIBRARY_ABI_DIFFERS")
        default: throw unusable("\(path) gave a table that is too small or not aligned", "LIBRARY_TABLE_INVALID")
        }
        do throws(Refusal) { description = try Self.describe(table, plugin.manifest) } catch {
            throw unusable("\(path) gave a table that cannot be right: \(error.words)", "LIBRARY_TABLE_INVALID")
        }
        try plugin.manifest.check(description)
        for estimator in plugin.manifest.estimators {
            let isFace = if case .face? = estimator.input { true } else { false }
            guard (isFace ? table.estimate_faces : table.estimate_voices) != nil else {
                throw unusable("\(path) has no estimate_\(isFace ? "faces" : "voices"), which \(estimator.id) needs", "LIBRARY_TABLE_INVALID")
            }
        }
        self.table = table
    }

    private static let sizeLimit = 4 << 30

    /// The table's names, as far as they go, and the manifest's word for the rest.
    private static func describe(_ table: mien_plugin, _ manifest: PluginManifest) throws(Refusal) -> Proto.PluginDescription {
        guard (1...64).contains(table.estimator_count) else { throw .invalid("it has \(UInt(bitPattern: table.estimator_count)) estimators, and may have 1 to 64") }
        let ids = try UnsafePointer.lent(table.estimators, "estimators")
        var estimators: [Proto.PluginEstimator] = []
        for index in 0..<table.estimator_count {
            let id = try PluginText.read(ids[index], "estimators[\(index)]")
            estimators.append(manifest.estimators.first { $0.id == id } ?? Proto.PluginEstimator(id: id))
        }
        return Proto.PluginDescription(id: try PluginText.read(table.id, "id"), version: try PluginText.read(table.version, "version"), estimators: estimators)
    }
}

/// Gives a function of C a buffer for words, and returns them with what the function returned: on one line, at most 500 bytes.
func withMessage<Result>(_ body: (MessageBuffer) throws -> Result) rethrows -> (Result, String) {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
        buffer.initialize(repeating: 0)
        let result = try body(MessageBuffer(start: buffer.baseAddress, size: buffer.count))
        let bytes = buffer.prefix { $0 != 0 }.prefix(PluginText.limit).map(UInt8.init(bitPattern:))
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? " " : $0 }
        return (result, String(String.UnicodeScalarView(text)))
    }
}
