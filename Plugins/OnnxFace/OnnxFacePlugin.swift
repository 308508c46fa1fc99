package import MienEstimation
package import MienManifest

/// A folder with a manifest and an ONNX file: an estimator that nobody had to write.
package struct OnnxFacePlugin: Sendable {
    /// The manifest's name in the folder.
    package static let manifestName = "face.json"

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

    package var factory: EstimatorFactory {
        EstimatorFactory(description: OnnxFace.description(of: manifest)) { [self] models in try OnnxFace(self, models) }
    }
}
