package import MienEstimation
import MienNetworks

/// A folder with a manifest and an ONNX file: an estimator that nobody had to write.
package struct OnnxFacePlugin: Sendable {
    /// The manifest's name in the folder.
    package static let manifestName = "face.json"
    /// Most folders with a manifest within one folder.
    static let limit = 256

    package let folder: String
    package let manifest: FaceManifest

    /// Reads the manifest. The ONNX file must be there, but is not read before an estimate is wanted.
    ///
    /// - Throws: `ManifestError`.
    package init(folder: String) throws(ManifestError) {
        self.folder = folder
        let path = "\(folder)/\(Self.manifestName)"
        do {
            let file = try PluginFile(Self.manifestName, in: folder, limit: FaceManifest.sizeLimit)
            manifest = try file.withBytes { try FaceManifest($0, file: path) }
            do throws(PluginFile.Failure) {
                _ = try PluginFile(manifest.model.file, in: folder, limit: FaceNetwork.fileLimit)
            } catch {
                throw ManifestError(file: path, key: "model.file", "names \(error)")
            }
        } catch let error as ManifestError {
            throw error
        } catch let error as PluginFile.Failure {
            throw ManifestError(file: error.path, error.reason)
        } catch {
            throw ManifestError(file: path, "\(error)")
        }
    }

    /// The plugins that a folder stands for: itself if it holds a manifest, else each folder within it that does, by name.
    ///
    /// - Returns: What each came to; empty if none is there.
    /// - Throws: `ManifestError` if it is no folder that can be read, or holds too many.
    package static func plugins(in folder: String) throws(ManifestError) -> [Result<OnnxFacePlugin, ManifestError>] {
        func read(_ folder: String) -> Result<OnnxFacePlugin, ManifestError> {
            Result { () throws(ManifestError) in try OnnxFacePlugin(folder: folder) }
        }
        if PluginFile.exists("\(folder)/\(manifestName)") { return [read(folder)] }
        let names: [String]
        do throws(ModelFileError) { names = try Folder.names(in: folder) } catch { throw ManifestError(file: folder, error.reason) }
        let folders = names.map { "\(folder)/\($0)" }.filter { PluginFile.exists("\($0)/\(manifestName)") }
        guard folders.count <= limit else { throw ManifestError(file: folder, "holds \(folders.count) plugins; at most \(limit) are read") }
        return folders.map(read)
    }

    package var factory: EstimatorFactory {
        EstimatorFactory(description: OnnxFace.description(of: manifest)) { [self] models in try OnnxFace(self, models) }
    }
}
