import MienJSON

/// `model.safetensors.index.json`: `{"weight_map": {TENSOR: FILE, ...}, ...}`.
struct SafetensorsIndex {
    /// Names of files by those of tensors.
    let places: [String: String]

    /// Most files of a model; each stays open as long as the model.
    private static let fileLimit = 1024

    /// - Throws: `ModelFileError` `.unreadable`, or `.malformed`, also for a file that is not beside the index.
    init(path: String) throws(ModelFileError) {
        let file = try ConfigurationFile(path: path, limit: Safetensors.headerLimit)
        guard let map = file.value["weight_map"]?.object, map.count > 0 else { throw ModelFileError(.malformed, file: path, "there is no 'weight_map' of tensors") }
        var places: [String: String] = [:]
        for member in map.members {
            // A plain name: it must not lead out of the folder.
            guard let name = member.value.string, name.hasSuffix(".safetensors"), !name.contains("/"), !name.contains("\\"), !name.hasPrefix("."), name.utf8.count <= 255,
                  name.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
                throw ModelFileError(.malformed, file: path, "the place of tensor '\(member.name)' is no plain name of a safetensors file")
            }
            places[member.name] = name
        }
        guard Set(places.values).count <= Self.fileLimit else { throw ModelFileError(.malformed, file: path, "more than \(Self.fileLimit) files") }
        self.places = places
    }
}
