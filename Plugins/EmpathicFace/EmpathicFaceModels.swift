/// Files of this plugin that travel inside the binary.
package enum EmpathicFaceModels {
    /// `model.json`.
    package static var catalogue: [UInt8] { PackageResources.model_json }
}
