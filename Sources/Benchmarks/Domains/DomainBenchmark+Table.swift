extension DomainBenchmark {
  /// PACS (Li et al., "Deeper, broader and artier domain generalization", ICCV 2017).
  ///
  /// The lists of Dassl and of the authors count labels from 1. Dassl leaves one sketch out as
  /// faulty, so that both 3,928 and 3,929 are complete.
  static let pacs = DomainBenchmark(
    kind: "pacs",
    domains: [
      Domain(name: "art_painting", images: [2_048]),
      Domain(name: "cartoon", images: [2_344]),
      Domain(name: "photo", images: [1_670]),
      Domain(name: "sketch", images: [3_928, 3_929]),
    ],
    classes: ["dog", "elephant", "giraffe", "guitar", "horse", "house", "person"],
    leftOut: ["sketch/dog/n02103406_4068-1.png"], listSuffix: "_kfold")

  /// VLCS (Fang et al., "Unbiased metric learning", ICCV 2013) with DomainBed's names of domains.
  ///
  /// The copy of Dassl has class folders 0 to 4.
  static let vlcs = DomainBenchmark(
    kind: "vlcs",
    domains: [
      Domain(name: "caltech101", aliases: ["caltech"], images: [1_415]),
      Domain(name: "labelme", images: [2_656]),
      Domain(name: "sun09", aliases: ["sun"], images: [3_282]),
      Domain(name: "voc2007", aliases: ["pascal", "voc"], images: [3_376]),
    ],
    classes: ["bird", "car", "chair", "dog", "person"], isNumbered: true)

  /// Office-Home (Venkateswara et al., CVPR 2017), 15,588 images.
  static let officeHome = DomainBenchmark(
    kind: "office-home",
    domains: [
      Domain(name: "art", images: [2_427]),
      Domain(name: "clipart", images: [4_365]),
      Domain(name: "product", images: [4_439]),
      Domain(name: "real_world", aliases: ["real"], images: [4_357]),
    ],
    classes: [
      "Alarm_Clock", "Backpack", "Batteries", "Bed", "Bike", "Bottle", "Bucket", "Calculator",
      "Calendar", "Candles", "Chair", "Clipboards", "Computer", "Couch", "Curtains", "Desk_Lamp",
      "Drill", "Eraser", "Exit_Sign", "Fan", "File_Cabinet", "Flipflops", "Flowers", "Folder",
      "Fork", "Glasses", "Hammer", "Helmet", "Kettle", "Keyboard", "Knives", "Lamp_Shade",
      "Laptop", "Marker", "Monitor", "Mop", "Mouse", "Mug", "Notebook", "Oven", "Pan",
      "Paper_Clip", "Pen", "Pencil", "Postit_Notes", "Printer", "Push_Pin", "Radio",
      "Refrigerator", "Ruler", "Scissors", "Screwdriver", "Shelf", "Sink", "Sneakers", "Soda",
      "Speaker", "Spoon", "TV", "Table", "Telephone", "ToothBrush", "Toys", "Trash_Can", "Webcam",
    ])

  /// TerraIncognita (Beery et al., ECCV 2018) as DomainBed cuts it from the camera traps.
  ///
  /// DomainBed's paper has 24,788 images; what its script makes of today's annotations has 24,330.
  static let terraIncognita = DomainBenchmark(
    kind: "terra-incognita",
    domains: [
      Domain(name: "location_100", images: [4_741, 4_879]),
      Domain(name: "location_38", images: [9_736, 9_767]),
      Domain(name: "location_43", images: [3_970, 4_020]),
      Domain(name: "location_46", images: [5_883, 6_122]),
    ],
    classes: [
      "bird", "bobcat", "cat", "coyote", "dog", "empty", "opossum", "rabbit", "raccoon",
      "squirrel",
    ])
}
