// swift-tools-version: 6.1
import PackageDescription

// A package that uses this one. Elsewhere the dependency is `.package(url: …, from: …)`; like the
// package itself it needs PKG_CONFIG_PATH to name the folder of `ctorch.pc`.
let package = Package(
  name: "Dependent",
  platforms: [.macOS(.v14)],
  dependencies: [.package(name: "holdfast", path: "../..")],
  targets: [
    .executableTarget(
      name: "Dependent",
      dependencies: [.product(name: "FeatureProtection", package: "holdfast")])
  ],
  swiftLanguageModes: [.v6]
)
