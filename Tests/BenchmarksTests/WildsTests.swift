import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// iWildCam and FMoW from their tables.
@Suite struct WildsTests {
  private static func open(
    _ path: String, for purpose: DatasetPurpose = .evaluation, allowMissing: Bool = true
  ) throws -> Dataset {
    try #require(
      try DatasetSpecifier.parse(path).open(for: purpose, allowMissing: allowMissing).first)
  }

  // MARK: iWildCam

  /// Two images of each split, in another order than theirs; columns too stand in another order.
  private static func plantCam(_ root: String, leavingOut gone: String? = nil) throws {
    var table = "filename,split,datetime,y,location_remapped,sequence_remapped\n"
    for (index, split) in ["test", "id_val", "train", "val", "id_test"].enumerated() {
      for image in 0..<2 {
        let name = "\(9 - index)-\(image).jpg"
        table +=
          "\(name),\(split),\"2013-06-05 05:44:19.000\",\(index + 100 * image),\(index * 7),3\n"
        if name != gone { try plant(root, "train/\(name)") }
      }
    }
    try plant(root, "metadata.csv", text: table)
    try plant(root, "RELEASE_v2.0.txt")
  }

  @Test(arguments: [
    ("#train", "train", ["train/7-0.jpg", "train/7-1.jpg"], [2, 102], 129_809),
    ("#val", "val", ["train/6-0.jpg", "train/6-1.jpg"], [3, 103], 14_961),
    ("#test", "test", ["train/9-0.jpg", "train/9-1.jpg"], [0, 100], 42_791),
    ("#id_val", "id_val", ["train/8-0.jpg", "train/8-1.jpg"], [1, 101], 7_314),
    ("#id_test", "id_test", ["train/5-0.jpg", "train/5-1.jpg"], [4, 104], 8_154),
    ("", "test", ["train/9-0.jpg", "train/9-1.jpg"], [0, 100], 42_791),
  ])
  func camerasAreSplitByTheTable(
    suffix: String, split: String, paths: [String], labels: [Int], expected: Int
  ) throws {
    try withTemporaryFolder { root in
      try Self.plantCam(root)
      let set = try Self.open(root + suffix)
      #expect(set.kind == "iwildcam" && set.split == split)
      #expect(set.samples.map(\.path) == paths && set.samples.map(\.label) == labels)
      #expect(set.expectedImages == expected)
      #expect(set.conditions["missing"] == .integer(expected - 2))
      #expect(set.classes.count == 182 && set.classes[181] == "class 181")
      #expect(set.metrics == [.macroF1, .top1])
      #expect(Set(set.samples.compactMap(\.group)).count == 1)
    }
  }

  @Test func settingsAreChosenAndTestedInDistribution() throws {
    try withTemporaryFolder { root in
      try Self.plantCam(root)
      #expect(try Self.open(root, for: .training).split == "train")
      #expect(try Self.open(root, for: .validation).split == "id_val")
      #expect(try DatasetSpecifier.parse(root).ownTestPart()?.split == "id_test")
      let all = try Self.open(root + "#all")
      #expect(all.split == "all" && all.samples.count == 10 && all.expectedImages == 203_029)
      #expect(Set(all.samples.compactMap(\.group)) == ["0", "7", "14", "21", "28"])
      expectProblem(.missingInput, containing: "no split 'seq'") { try Self.open(root + "#seq") }
    }
  }

  @Test func aCopyThatLacksImagesIsRefused() throws {
    try withTemporaryFolder { root in
      try Self.plantCam(root, leavingOut: "9-1.jpg")
      expectProblem(.missingInput, containing: "metadata.csv:3: train/9-1.jpg is not there") {
        try Self.open(root, allowMissing: false)
      }
      let rest = try Self.open(root)
      #expect(rest.missingFiles == ["train/9-1.jpg"])
      #expect(rest.conditions["missing"] == .integer(42_790))
      // All listed files are there, but the table is shorter than it should be.
      expectProblem(.missingInput, containing: "2 images, a complete copy has 129809") {
        try Self.open(root + "#train", allowMissing: false)
      }
    }
  }

  @Test(arguments: [
    ("categories.csv", "y,category_id,name\n", "#,5,Genus_#\n", "genus 17"),
    ("labels.csv", "y,category_id,name,english\n", "#,7,g,\"Beast #, great\"\n", "beast 17, great"),
  ])
  func animalsHaveNames(file: String, header: String, row: String, name: String) throws {
    let line = { (y: Int) in row.replacingOccurrences(of: "#", with: "\(y)") }
    try withTemporaryFolder { root in
      try Self.plantCam(root)
      let rows = (0..<182).reversed().map(line)
      try plant(root, file, text: header + rows.joined() + line(99999))
      let set = try Self.open(root)
      #expect(set.classes[17] == name && set.classes.count == 182)
      #expect(set.rule.contains(file))
      try plant(root, file, text: header + rows.dropLast().joined())
      expectProblem(.badData, containing: file, "y 0 has no name") { try Self.open(root) }
      try plant(root, file, text: header + rows.joined() + line(3))
      expectProblem(.badData, containing: "\(file):184", "y 3 has a name") { try Self.open(root) }
    }
  }

  @Test(arguments: [
    ("a.jpg,0,test,1,2\n", "metadata.csv:2: 5 fields, the header has 4"),
    ("a.jpg,0,dev,1\n", "metadata.csv:2: there is no split 'dev'"),
    ("a.jpg,182,test,1\n", "metadata.csv:2: y is '182'"),
    ("a.jpg,-1,test,1\n", "metadata.csv:2: y is '-1'"),
    ("a.jpg,x,test,1\n", "metadata.csv:2: y is 'x'"),
    ("../a.jpg,0,test,1\n", "'../a.jpg' leaves the folder"),
    ("/etc/a.jpg,0,test,1\n", "'/etc/a.jpg' leaves the folder"),
    ("a.jpg,0,test,1\na.jpg,1,test,1\n", "metadata.csv:3: train/a.jpg has another label"),
  ])
  func mistakesInTheTableAreNamed(rows: String, words: String) throws {
    try withTemporaryFolder { root in
      try plant(root, "train/a.jpg")
      try plant(root, "metadata.csv", text: "filename,y,split,location_remapped\n" + rows)
      expectProblem(.badData, containing: words) { try Self.open(root) }
    }
  }

  @Test func aTableOfAnotherVersionIsNamed() throws {
    try withTemporaryFolder { root in
      try plant(root, "metadata.csv", text: "filename,split\n")
      expectProblem(.badData, containing: "metadata.csv:1", "no column 'y'") {
        try Self.open("iwildcam:" + root)
      }
      try plant(root, "metadata.csv", text: "")
      expectProblem(.badData, containing: "empty") { try Self.open("iwildcam:" + root) }
      expectProblem(.missingInput, containing: "rgb_metadata.csv") {
        try plant(root, "country_code_mapping.csv", text: "alpha-3,region\n")
        return try Self.open("fmow:" + root)
      }
    }
  }

  // MARK: FMoW

  /// The rows: part, category, country, time, and the split that WILDS makes of them.
  private static let rows: [(String, String, String, String, String?)] = [
    ("train", "zoo", "DEU", "2012-12-31T23:59:59Z", "train"),
    ("seq", "zoo", "DEU", "2010-01-01T00:00:00Z", nil),
    ("train", "airport", "DEU", "2013-01-01T00:00:00Z", nil),
    ("val", "airport", "USA", "2012-07-01T10:00:00Z", "id_val"),
    ("val", "port", "USA", "2013-01-01T00:00:00Z", "val"),
    ("val", "port", "XKX", "2015-12-31T23:59:59Z", "val"),
    ("val", "port", "USA", "2016-01-01T00:00:00Z", nil),
    ("test", "multi-unit_residential", "ATA", "2002-05-05T05:05:05Z", "id_test"),
    ("test", "dam", "USA", "2014-05-05T05:05:05Z", nil),
    ("seq", "dam", "USA", "2017-05-05T05:05:05Z", nil),
    ("test", "barn", "NAM", "2016-01-01T00:00:00Z", "test"),
    ("test", "wind_farm", "DEU", "2017-05-05T05:05:05Z", "test"),
  ]

  private static func plantMap(_ root: String) throws {
    var table = "category,img_filename,split,country_code,timestamp\n"
    for (number, row) in rows.enumerated() {
      table += "\(row.1),x.jpg,\(row.0),\(row.2),\(row.3)\n"
      if row.4 != nil { try plant(root, "images/rgb_img_\(number).png") }
    }
    try plant(root, "rgb_metadata.csv", text: table)
    try plant(
      root, "country_code_mapping.csv",
      text: "name,alpha-2,alpha-3,region,sub-region\nNamibia,NA,NAM,Africa,x\n"
        + "\"Germany, Federal Republic\",DE,DEU,Europe,x\nUnited States,US,USA,Americas,x\n"
        + "Antarctica,AQ,ATA,,\n")
  }

  @Test(arguments: [
    ("train", [0], 76_863), ("id_val", [3], 11_483), ("id_test", [7], 11_327),
    ("val", [4, 5], 19_915), ("test", [10, 11], 22_108), ("all", [0, 3, 4, 5, 7, 10, 11], 141_696),
  ])
  func yearsDivideTheTable(split: String, numbers: [Int], expected: Int) throws {
    try withTemporaryFolder { root in
      try Self.plantMap(root)
      let set = try Self.open(root + "#" + split)
      #expect(set.kind == "fmow" && set.split == split && set.expectedImages == expected)
      #expect(
        set.samples.map(\.path) == numbers.map { "images/rgb_img_\($0).png" }.sorted())
      for sample in set.samples {
        let number = try #require(
          numbers.first { sample.path == "images/rgb_img_\($0).png" })
        let name = Self.rows[number].1.replacingOccurrences(of: "_", with: " ")
        #expect(set.classes[sample.label] == name)
      }
    }
  }

  @Test func classesAndRegionsAreThoseOfWILDS() throws {
    try withTemporaryFolder { root in
      try Self.plantMap(root)
      let set = try Self.open(root + "#all")
      #expect(set.classes.count == 62 && Set(set.classes).count == 62)
      #expect(set.classes == set.classes.sorted())
      #expect(set.classes[0] == "airport" && set.classes[61] == "zoo")
      #expect(set.classes[30] == "multi-unit residential" && set.classes[38] == "port")
      #expect(set.metrics == [.worstGroup, .top1])
      let groups = Dictionary(
        uniqueKeysWithValues: set.samples.map {
          ($0.path.dropFirst("images/rgb_img_".count), $0.group)
        })
      #expect(groups["0.png"] == "Europe" && groups["3.png"] == "Americas")
      #expect(groups["10.png"] == "Africa")
      // A country that is not in the mapping, and one without a region, count in no region.
      #expect(groups["5.png"] == .some(nil) && groups["7.png"] == .some(nil))
      #expect(try Self.open(root, for: .validation).split == "id_val")
      #expect(try DatasetSpecifier.parse(root).ownTestPart()?.split == "id_test")
      #expect(try Self.open(root).split == "test")
    }
  }

  @Test(arguments: [
    ("zoo,train,DEU,2012-01-01\nzoo,train,DEU,12-01-2012\n", "rgb_metadata.csv:3: '12-01-2012'"),
    ("zoo,train,DEU,\n", "rgb_metadata.csv:2: '' does not begin with a date"),
    ("zoos,train,DEU,2012-01-01\n", "'zoos' is none of the 62"),
    ("zoo,trian,DEU,2012-01-01\n", "no split 'trian'"),
  ])
  func mistakesInTheTableOfTheMapAreNamed(rows: String, words: String) throws {
    try withTemporaryFolder { root in
      try plant(root, "country_code_mapping.csv", text: "alpha-3,region\nDEU,Europe\n")
      try plant(root, "rgb_metadata.csv", text: "category,split,country_code,timestamp\n" + rows)
      expectProblem(.badData, containing: words) { try Self.open(root) }
    }
  }
}
