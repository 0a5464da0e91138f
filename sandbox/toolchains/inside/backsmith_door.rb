# Runs inside the sandbox: a reporter's way through the door (see backsmith_door.py).
require "json"

module BacksmithDoor
  # A procedure that tells one event; the word is in no variable that other code can ask for.
  def self.open
    place = ENV.delete("BACKSMITH_DOOR")
    events = File.open("#{place}/events", "w")
    events.sync = true
    word = File.read("#{place}/hello")
    write = events.method(:syswrite).unbind.bind(events)
    generate = JSON.method(:generate)
    lambda do |event|
      line = "#{word} #{generate.call(event)}\n"
      line = line.byteslice(write.call(line)..) until line.empty?
    end
  end

  def self.bounded(text)
    text = text.to_s.encode("UTF-8", invalid: :replace, undef: :replace)
    text.length <= 8000 ? text : "#{text[0, 4000]}\n[...]\n#{text[-4000..]}"
  end
end

BacksmithDoor.singleton_class.freeze
BacksmithDoor.freeze
