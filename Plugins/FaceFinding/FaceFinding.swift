/// What the plugins that read faces share: CenterFace, crops, the head's pose, and what speaks against a face.
package enum FaceFinding {
    /// `model.json`, embedded in the binary.
    package static var catalogue: [UInt8] { PackageResources.model_json }
}
