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
        manifest = try PluginFile.manifest(Self.manifestName, in: folder, limit: FaceManifest.sizeLimit) { try FaceManifest($0, file: $1) }
        do throws(PluginFile.Failure) {
            _ = try PluginFile(manifest.model.file, in: folder, limit: FaceNetwork.fileLimit)
        } catch {
            throw ManifestError(file: "\(folder)/\(Self.manifestName)", key: "model.file", "names \(error)")
        }
    }

    package var factory: EstimatorFactory {
        EstimatorFactory(description: OnnxFace.description(of: manifest)) { [self] models in try OnnxFace(self, models) }
    }
}
