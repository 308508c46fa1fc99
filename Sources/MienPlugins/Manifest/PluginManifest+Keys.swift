import MienEstimation
package import MienJSON
import MienManifest
import MienMessages

// Every key of plugin.json, for the decoder and for JSON Schema. docs/plugins.md has them in tables.

extension PluginManifest {
    enum Key {
        enum Kind: String, CaseIterable { case process, library }

        static let editor = ManifestKey<Void>.ignored("$schema", "Where editors find this schema.", [])
        static let schema = ManifestKey.integer("schema", in: 1...1, "Of this file.")
        static let id = ManifestKey.text("id", .id, "Of the plugin, in kebab-case.")
        static let version = ManifestKey.text("version", .version, "Of the plugin, and of its estimators where they do not say otherwise.")
        static let summary = ManifestKey.text("summary", .text, "What it does, in one sentence.")
        static let licence = ManifestKey.text("licence", .text, "An SPDX identifier where there is one.")
        static let attribution = ManifestKey.text("attribution", .text, "Whom to name, as the licence asks.")
        static let kind = ManifestKey<Kind>.choice("kind", "A program that speaks the protocol on its stdin and stdout, or a shared library with the functions of mien_plugin.h.")
        /// What it is depends on the kind.
        static let entry = ManifestKey<Void>.ignored("entry", "The program and its arguments, run in this folder; of a library its file.", [("type", "array")])
        static let files = ManifestKey.objects("files", File.Key.shape, count: 0...1024, isOptional: true, "What must lie beside it, unchanged, such as weights.")
        static let estimators = ManifestKey.objects("estimators", Estimator.Key.shape, count: 1...64, "What it offers.")

        static let shape = ManifestShape(
            [editor, schema, id, version, summary, licence, attribution, kind, entry] + Process.Key.own + Library.Key.own + [files, estimators],
            rules: [("allOf", [narrowed(.process, [Process.Key.entry], without: Library.Key.own), narrowed(.library, [Library.Key.entry], without: Process.Key.own)])])

        private static func narrowed(_ kind: Kind, _ keys: [any ManifestMember], without others: [any ManifestMember]) -> JSONValue {
            ["if": ["properties": ["kind": ["const": .string(kind.rawValue)]]], "then": ManifestShape.narrowed(keys, without: others)]
        }
    }

    /// The manifest in the words of JSON Schema, for editors. It lets some pass that the decoder refuses: names that are there twice, sizes that are counted in bytes.
    package static var schema: JSONValue {
        .object(JSONObject([("$schema", "https://json-schema.org/draft/2020-12/schema"), ("title", "plugin.json"), ("description", "What a plugin for Mien is, how it is started and what it offers.")]
                           + Key.shape.schema.members.map { ($0.name, $0.value) }))
    }
}

extension PluginManifest.Process {
    enum Key {
        static let entry = ManifestKey.texts("entry", .argument, count: 1...64, "A program, in this folder if there is a / in its name and else in PATH, and its arguments.")
        static let `protocol` = ManifestKey.versions(optional: "protocol", holding: 1, "Lowest and highest version of the wire.")
        static let environment = ManifestKey.texts("environment", .variable, count: 0...64, isOptional: true, "Names of variables to hand on.")
        static let limits = ManifestKey.object(optional: "limits", PluginManifest.Limits.Key.shape, "Of each process.")
        static let restart = ManifestKey.object(optional: "restart", PluginManifest.Restart.Key.shape, "How many failures are too many.")
        /// Those that no other kind has.
        static let own: [any ManifestMember] = [`protocol`, environment, limits, restart]
    }
}

extension PluginManifest.Library {
    enum Key {
        static let entry = ManifestKey.texts("entry", .library, count: 1...1, "The library, in this folder.")
        static let abi = ManifestKey.versions(optional: "abi", holding: 1, "Lowest and highest version of the C interface.")
        static let own: [any ManifestMember] = [abi]
    }
}

extension PluginManifest.File {
    enum Key {
        static let file = ManifestKey.text("file", .file, "Its path in this folder.")
        static let sha256 = ManifestKey.text("sha256", .sha256, "Its digest.")
        static let shape = ManifestShape([file, sha256])
    }
}

extension PluginManifest.Limits {
    enum Key {
        private static let usual = PluginManifest.Limits()
        static let processes = ManifestKey.integer("processes", in: 1...64, or: usual.processes, "Processes at most; a second one is started when the first is busy.")
        static let memory = ManifestKey.integer("memory_mb", in: 16...1_000_000, or: usual.memory, "What a process may allocate, in millions of bytes.")
        static let start = ManifestKey.integer("start_seconds", in: 1...600, or: usual.start, "Until it has greeted and described itself.")
        static let call = ManifestKey.integer("call_seconds", in: 1...3600, or: usual.call, "For one question.")
        static let shape = ManifestShape([processes, memory, start, call])
    }
}

extension PluginManifest.Restart {
    enum Key {
        private static let usual = PluginManifest.Restart()
        static let attempts = ManifestKey.integer("attempts", in: 0...1000, or: usual.attempts, "Failures after which a process is still started anew.")
        static let window = ManifestKey.integer("seconds", in: 1...86_400, or: usual.window, "Within which they count.")
        static let shape = ManifestShape([attempts, window])
    }
}

extension Proto.PluginEstimator {
    enum Key {
        static let id = ManifestKey.text("id", .id, "As requests and the code name it, in kebab-case.")
        static let version = ManifestKey.text(optional: "version", .version, "Of its weights, if it is not the plugin's.")
        static let summary = ManifestKey.text(optional: "summary", .text, "One sentence, if it is not the plugin's.")
        static let categories = ManifestKey.texts("categories", .label, count: 0...40, isSet: true, suggestions: MienEstimation.Category.all.map(\.name), "Those of EmoNet's 40 categories that it can speak about.")
        static let dimensions = ManifestKey.texts("dimensions", .label, count: 0...3, isOptional: true, isSet: true, only: Dimension.allCases.map(\.rawValue), "Those that it can speak about.")
        static let attributes = ManifestKey.texts("attributes", .label, count: 0...256, isOptional: true, isSet: true, "What it says beside emotions.")
        static let nativeLabels = ManifestKey.texts("native_labels", .label, count: 0...512, isOptional: true, isSet: true, "The classes of the model in its own words and order.")
        static let minimumReliability = ManifestKey.number(optional: "minimum_reliability", in: -1...1, "Where raters agree less about a category, the host abstains; left out: never.")
        static let usesNeutral = ManifestKey.flag("uses_neutral", "Native scores of a speaker's neutral voice change what it says.")
        static let face = ManifestKey.object(optional: "face", Proto.FaceInput.Key.shape, "It reads faces, cut out like this.")
        static let voice = ManifestKey.object(optional: "voice", Proto.VoiceInput.Key.shape, "It reads clips of speech like this.")
        static let batch = ManifestKey.integer("batch", in: 1...1024, or: 1, "Most inputs in one call.")
        static let precision = ManifestKey.text(optional: "precision", .label, "Of its arithmetic, for people, such as f32.")
        static let licence = ManifestKey.text(optional: "licence", .text, "Of its weights, if it is not the plugin's.")
        static let attribution = ManifestKey.text(optional: "attribution", .text, "Whom to name, if it is not whom the plugin names.")
        static let memory = ManifestKey.integer("memory_mb", in: 0...1_000_000, or: 0, "About how much it keeps, in millions of bytes; 0: unknown.")
        static let cost = ManifestKey.number(optional: "cost_ms", in: 0...1e6, "About how long a face, or a second of speech, takes on one core, in milliseconds.")
        static let skill = ManifestKey.number(optional: "skill", in: -1...1, "How much better than guessing it is on people it has not seen or heard: (r - 1/k) / (1 - 1/k) for a mean recall r over k native labels.")
        static let online = ManifestKey.flag("online", "It sends what it gets to other machines.")

        static let shape = ManifestShape(
            [id, version, summary, categories, dimensions, attributes, nativeLabels, minimumReliability, usesNeutral, face, voice, batch, precision, licence, attribution, memory,
             cost, skill, online],
            rules: [("oneOf", [["required": ["face"]], ["required": ["voice"]]]), ("anyOf", .array(["categories", "dimensions", "attributes"].map(some)))])

        /// There is at least one of these.
        private static func some(_ key: String) -> JSONValue { ["required": [.string(key)], "properties": .object(JSONObject([(key, ["minItems": 1])]))] }
    }
}

extension Proto.FaceInput {
    enum Key {
        enum Pixels: String, CaseIterable { case rgb, grey }
        enum Crop: String, CaseIterable { case box, aligned }

        static let width = ManifestKey.integer("width", in: 8...1024, "In pixels.")
        static let height = ManifestKey.integer("height", in: 8...1024, "In pixels.")
        static let pixels = ManifestKey<Pixels>.choice("pixels", "Three bytes each, or one.")
        static let crop = ManifestKey<Crop>.choice("crop", "The face's box, stretched to the size; or turned upright, with eyes, nose and mouth where ArcFace has them.")
        static let margin = ManifestKey.number(optional: "margin", in: -0.4...1, "Added to a box on every side, as a share of it.")
        static let square = ManifestKey.flag("square", "The shorter side of a box grows to the length of the longer one, before the margin.")
        static let ofBoxes: [any ManifestMember] = [margin, square]
        static let shape = ManifestShape([width, height, pixels, crop] + ofBoxes,
                                         rules: [("if", ["properties": ["crop": ["const": "aligned"]]]), ("then", ManifestShape.narrowed([], without: ofBoxes))])
    }
}

extension Proto.VoiceInput {
    enum Key {
        static let rate = ManifestKey.integer("rate", in: 16_000...16_000, or: 16_000, "In Hz.")
        static let maximumSeconds = ManifestKey.number(optional: "maximum_seconds", in: 1...600, "Longer clips come in equal parts; left out: 30.")
        static let shape = ManifestShape([rate, maximumSeconds])
    }
}
