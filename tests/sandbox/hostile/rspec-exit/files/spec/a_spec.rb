RSpec.describe "a" do
  it("passes") {}
  it("ends everything") { exit!(0) }
  it("fails") { raise "never told" }
end
