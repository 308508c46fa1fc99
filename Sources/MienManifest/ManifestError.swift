import MienJSON

/// Why a plugin's manifest cannot be used, in words for its author.
package struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Path of the manifest, or of the folder that has none.
    package let file: String
    /// Line in it, from 1; nil where the file as a whole is meant.
    package private(set) var line: Int?
    /// Place within the manifest in dotted form, "outputs[0].values[3].category"; empty for the file as a whole.
    package let key: String
    /// Goes on from the key, or from the file where there is none: "is missing".
    package let message: String

    package init(file: String, key: String = "", _ message: String) {
        self.file = file
        self.key = key
        self.message = message
    }

    package var description: String { "\(file):\(line.map { "\($0):" } ?? "") \(key.isEmpty ? "" : key + " ")\(message)" }

    /// The same with its line: that of the key, or of the object where a key is missing.
    ///
    /// - Parameter json: The manifest that it is about, which is valid JSON.
    package func located(in json: some Collection<UInt8>) -> ManifestError {
        guard !key.isEmpty, let lines = try? JSONValue.lines(of: json) else { return self }
        var error = self, place = key
        while error.line == nil, !place.isEmpty {
            // A name that is no key of the schema is shown in quotes.
            error.line = lines[place] ?? lines[place.filter { $0 != "\"" }]
            place = String(place[..<(place.lastIndex { $0 == "." || $0 == "[" } ?? place.startIndex)])
        }
        return error
    }
}
