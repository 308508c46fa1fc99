/// Files of this plugin that travel inside the binary: nothing has to be found beside it at run time.
package enum EmbeddedFiles {
    /// `model.json`.
    package static var modelCatalogue: [UInt8] { PackageResources.model_json }
    /// The conversion scripts that `model.json` names, by file name.
    package static var scripts: [String: [UInt8]] { ["import_hdf5.py": PackageResources.import_hdf5_py] }
}
