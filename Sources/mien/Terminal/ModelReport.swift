import MienModels

/// The models of the catalogue, one a line.
func modelTable(_ listings: [ModelStore.Listing]) -> Table {
    var table = Table([.init("MODEL"), .init("VERSION"), .init("STATE"), .init("SIZE", alignedRight: true), .init("LICENCE"),
                       .init("WHAT IT IS", shrinks: true)])
    for listing in listings {
        let model = listing.model
        let size = listing.bytes.map { (listing.isApproximate ? "~" : "") + byteText(Int64($0)) } ?? "-"
        table.add([.init(model.id, .bold), .init(model.version), stateCell(listing), .init(size), .init(model.licence), .init(model.summary)])
    }
    return table
}

private func stateCell(_ listing: ModelStore.Listing) -> Table.Cell {
    switch listing.state {
    case .installed: return .init("installed", .green)
    case .damaged: return .init("damaged", .red)
    case .absent:
        if listing.partialBytes > 0 { return .init("begun, \(byteText(Int64(listing.partialBytes)))", .yellow) }
        if listing.model.isOptional { return .init("optional", .dim) }
        if case .packed = listing.model.contents { return .init("not packed", .yellow) }
        return .init("missing", .yellow)
    }
}

/// What the table has no room for.
func modelDetails(_ listing: ModelStore.Listing, _ terminal: Terminal) -> [String] {
    var lines = [terminal.styled(listing.model.id, .bold), "  \(listing.model.attribution)", "  \(listing.model.homepage)", "  \(listing.folder)"]
    switch listing.model.contents {
    case .files(let files):
        for file in files { lines.append("  \(file.blob.name): \(file.downloaded.checksum)" + (file.conversion == nil ? "" : " of \(file.downloaded.name)")) }
    case .repositories(let repositories, _):
        for repository in repositories {
            var source = repository.revision
            if let origin = listing.origins.first(where: { $0.repository == repository.name }) { source = origin.commit ?? "the files of an import" }
            let patterns = (repository.required + repository.files).map(\.pattern).joined(separator: ", ")
            lines.append("  \(repository.folder)/ from \(repository.name) at \(source): \(patterns)")
        }
    case .packed(let sources): lines.append("  \(CatalogueModel.packedFile), packed on this machine from \(sources.joined(separator: " or "))")
    }
    if listing.state == .absent { lines.append("  to install it: \(listing.advice)") }
    return lines.map { String($0.prefix(2)) == "  " ? printable($0) : $0 }
}

/// What a pull is at: "empathic-face-small 3/46 heads/model_awe_best.pth: downloading".
func pullLabel(_ state: PullProgress) -> String {
    let what = switch state.phase {
    case .waiting: "waiting for another mien"
    case .listing: "asking for the files of \(state.source)"
    case .downloading: "downloading"
    case .preparingTools: "preparing \(state.source)"
    case .converting: "converting"
    case .verifying: "verifying"
    case .fileDone: "done"
    }
    let place = state.whole.map { " \($0.file)/\($0.files) " } ?? "/"
    return printable("\(state.model)\(state.file.isEmpty ? "" : place + state.file): \(what)")
}
