import CPluginABI
import InferenceCore
import MienHost
import MienManifest
import MienMedia
import MienNetworks
import MienWire

/// What the host does for one plugin: its files, and what it has packed, until it is closed.
///
/// Handles are numbers that are looked up, so that one that is wrong or no longer any is noticed.
final class HostServices: @unchecked Sendable {
    private struct Handles {
        var last: UInt = 0
        var matrices: [UInt: PackedLinear] = [:]
        var networks: [UInt: LibraryNetwork] = [:]
        /// By their first byte.
        var files: [UInt: PluginFile.Mapping] = [:]
        var mels: [Int: LogMel] = [:]
    }

    let plugin: PluginFolder
    private let log: HostLog
    /// Never freed: the library keeps it, and is never unloaded.
    let table: UnsafeMutablePointer<mien_host>
    private let handles = Locked(Handles())

    init(_ plugin: PluginFolder, log: HostLog) {
        self.plugin = plugin
        self.log = log
        table = .allocate(capacity: 1)
        table.initialize(to: .functions)
        let address = UInt(bitPattern: table)
        Self.all.withLock { $0[address] = self }
    }

    /// All that were ever made, by the address that plugins know them by.
    private static let all = Locked<[UInt: HostServices]>([:])

    static func at(_ pointer: UnsafeRawPointer?) -> HostServices? {
        let address = UInt(bitPattern: pointer)
        return all.withLock { $0[address] }
    }

    /// Lets go of all that the plugin has not let go of itself.
    func release() { handles.withLock { $0 = Handles(last: $0.last) } }

    func write(_ level: UInt32, _ text: String) { log.write(level, "plugin/\(plugin.manifest.id)", text) }

    // MARK: Handles

    func add(_ matrix: PackedLinear) -> OpaquePointer? {
        handles.withLock { handles in
            handles.last += 1
            handles.matrices[handles.last] = matrix
            return OpaquePointer(bitPattern: handles.last)
        }
    }

    func add(_ network: LibraryNetwork) -> OpaquePointer? {
        handles.withLock { handles in
            handles.last += 1
            handles.networks[handles.last] = network
            return OpaquePointer(bitPattern: handles.last)
        }
    }

    func matrix(_ handle: OpaquePointer?) throws(Refusal) -> PackedLinear {
        let number = UInt(bitPattern: handle)
        guard let matrix = handles.withLock({ $0.matrices[number] }) else { throw .invalid("there is no such matrix") }
        return matrix
    }

    func network(_ handle: OpaquePointer?) throws(Refusal) -> LibraryNetwork {
        let number = UInt(bitPattern: handle)
        guard let network = handles.withLock({ $0.networks[number] }) else { throw .invalid("there is no such network") }
        return network
    }

    func removeMatrix(_ handle: OpaquePointer?) throws(Refusal) {
        let number = UInt(bitPattern: handle)
        guard handles.withLock({ $0.matrices.removeValue(forKey: number) }) != nil else { throw .invalid("there is no such matrix") }
    }

    func removeNetwork(_ handle: OpaquePointer?) throws(Refusal) {
        let number = UInt(bitPattern: handle)
        guard handles.withLock({ $0.networks.removeValue(forKey: number) }) != nil else { throw .invalid("there is no such network") }
    }

    /// The one that makes so many mels: planned once.
    func logMel(_ mels: Int) -> LogMel {
        if let made = handles.withLock({ $0.mels[mels] }) { return made }
        let made = LogMel(mels: mels)
        handles.withLock { $0.mels[mels] = made }
        return made
    }

    // MARK: Files

    /// Largest file that is mapped, and largest ONNX file.
    private static let fileLimit = 64 << 30, networkLimit = 512 << 20

    private func listed(_ name: String) throws(Refusal) -> PluginManifest.File {
        guard let file = plugin.manifest.files.first(where: { $0.file == name }) else {
            throw Refusal(MIEN_NOT_FOUND, "\(shown(name)) is none of the files in plugin.json")
        }
        return file
    }

    func map(_ name: String) throws(Refusal) -> UnsafeRawBufferPointer {
        let listed = try listed(name), mapping: PluginFile.Mapping
        do throws(PluginFile.Failure) {
            mapping = try PluginFile(listed.file, in: plugin.path, limit: Self.fileLimit).mapped(sha256: listed.sha256)
        } catch {
            throw .failed("\(error)")
        }
        let address = UInt(bitPattern: mapping.bytes.baseAddress)
        handles.withLock { $0.files[address] = mapping }
        return mapping.bytes
    }

    func unmap(_ start: UnsafeRawPointer?) throws(Refusal) {
        let address = UInt(bitPattern: start)
        guard handles.withLock({ $0.files.removeValue(forKey: address) }) != nil else { throw .invalid("there is no such file in memory") }
    }

    func openNetwork(_ name: String) throws(Refusal) -> LibraryNetwork {
        let listed = try listed(name)
        do {
            // The importer copies what it needs; the bytes need not outlive it.
            let graph = try PluginFile(listed.file, in: plugin.path, limit: Self.networkLimit).withBytes(sha256: listed.sha256) { bytes in
                try OnnxModel(MappedFile(static: bytes)).graph
            }
            return try LibraryNetwork(graph)
        } catch let error as PluginFile.Failure {
            throw .failed("\(error)")
        } catch {
            throw .failed("\(plugin.path)/\(name): \(error)")
        }
    }
}
