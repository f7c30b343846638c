"""Slack's short names of emoji as characters, for those that people set as a custom status. Pure."""

from __future__ import annotations

import re

_TABLE = """
palm_tree 🌴 spiral_calendar_pad 🗓️ spiral_calendar 🗓️ calendar 📅 date 📅 house 🏠 house_with_garden 🏡 bus 🚌
train 🚆 train2 🚆 car 🚗 bike 🚲 bicyclist 🚴 airplane ✈️ airplane_departure 🛫 airplane_arriving 🛬
face_with_thermometer 🤒 sick 🤒 mask 😷 sneezing_face 🤧 headphones 🎧 headphone 🎧 no_entry ⛔
no_entry_sign 🚫 no_bell 🔕 bell 🔔 coffee ☕ tea 🍵 lunch 🍱 bento 🍱 sandwich 🥪 hamburger 🍔 pizza 🍕
knife_fork_plate 🍽️ fork_and_knife 🍴 ramen 🍜 salad 🥗 green_salad 🥗 sushi 🍣 taco 🌮 burrito 🌯 cake 🍰
birthday 🎂 tada 🎉 confetti_ball 🎊 gift 🎁 balloon 🎈 beer 🍺 beers 🍻 wine_glass 🍷 champagne 🍾 cocktail 🍸
tropical_drink 🍹 baby 👶 baby_bottle 🍼 dog 🐶 dog2 🐕 cat 🐱 unicorn_face 🦄 computer 💻 desktop_computer 🖥️
keyboard ⌨️ technologist 🧑‍💻 male-technologist 👨‍💻 female-technologist 👩‍💻 phone ☎️ telephone_receiver 📞
iphone 📱 speech_balloon 💬 studio_microphone 🎙️ microphone 🎤 movie_camera 🎥 camera 📷 memo 📝 pencil 📝
pencil2 ✏️ books 📚 book 📖 open_book 📖 mortar_board 🎓 school 🏫 office 🏢 hospital 🏥 pill 💊 tooth 🦷
brain 🧠 hammer 🔨 hammer_and_wrench 🛠️ wrench 🔧 gear ⚙️ building_construction 🏗️ construction 🚧 rocket 🚀
fire 🔥 fire_engine 🚒 rotating_light 🚨 warning ⚠️ boom 💥 bug 🐛 mag 🔍 dart 🎯 bulb 💡 zap ⚡ star ⭐
star2 🌟 sparkles ✨ rainbow 🌈 sunny ☀️ sun_with_face 🌞 sunrise 🌅 partly_sunny ⛅ cloud ☁️ rain_cloud 🌧️
umbrella ☔ snowflake ❄️ snowman ⛄ ocean 🌊 beach_with_umbrella 🏖️ umbrella_on_ground ⛱️ island 🏝️
desert_island 🏝️ mountain ⛰️ snow_capped_mountain 🏔️ camping 🏕️ tent ⛺ evergreen_tree 🌲 deciduous_tree 🌳
seedling 🌱 herb 🌿 sunflower 🌻 cherry_blossom 🌸 rose 🌹 tulip 🌷 maple_leaf 🍁 fallen_leaf 🍂
four_leaf_clover 🍀 christmas_tree 🎄 santa 🎅 jack_o_lantern 🎃 ghost 👻 egg 🥚 turkey 🦃 round_pushpin 📍
pushpin 📌 world_map 🗺️ earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 globe_with_meridians 🌐 luggage 🧳
handbag 👜 briefcase 💼 hourglass ⌛ hourglass_flowing_sand ⏳ alarm_clock ⏰ stopwatch ⏱️ clock1 🕐 clock9 🕘
soon 🔜 back 🔙 zzz 💤 sleeping 😴 sleepy 😪 bed 🛏️ crescent_moon 🌙 new_moon_with_face 🌚 wave 👋 +1 👍
thumbsup 👍 -1 👎 clap 👏 raised_hands 🙌 pray 🙏 muscle 💪 writing_hand ✍️ eyes 👀 point_right 👉 ok_hand 👌
v ✌️ heart ❤️ blue_heart 💙 green_heart 💚 yellow_heart 💛 purple_heart 💜 black_heart 🖤 orange_heart 🧡
white_heart 🤍 broken_heart 💔 smile 😄 smiley 😃 grinning 😀 grin 😁 joy 😂 blush 😊 wink 😉 relaxed ☺️
slightly_smiling_face 🙂 upside_down_face 🙃 sunglasses 😎 nerd_face 🤓 thinking_face 🤔 zany_face 🤪
partying_face 🥳 face_with_rolling_eyes 🙄 sweat_smile 😅 cry 😢 sob 😭 exploding_head 🤯 yawning_face 🥱
melting_face 🫠 robot_face 🤖 running 🏃 runner 🏃 man-running 🏃‍♂️ woman-running 🏃‍♀️ walking 🚶 swimmer 🏊
surfer 🏄 skier ⛷️ snowboarder 🏂 person_climbing 🧗 weight_lifter 🏋️ person_in_lotus_position 🧘 soccer ⚽
basketball 🏀 tennis 🎾 trophy 🏆 medal 🏅 chess_pawn ♟️ game_die 🎲 video_game 🎮 musical_note 🎵 notes 🎶
guitar 🎸 art 🎨 performing_arts 🎭 ballot_box_with_ballot 🗳️ ballot_box_with_check ☑️ white_check_mark ✅
heavy_check_mark ✔️ x ❌ red_circle 🔴 large_green_circle 🟢 large_yellow_circle 🟡 large_blue_circle 🔵
black_circle ⚫ white_circle ⚪ recycle ♻️ moneybag 💰 chart_with_upwards_trend 📈 bar_chart 📊 package 📦
truck 🚚 ship 🚢 boat ⛵ sailboat ⛵ anchor ⚓ key 🔑 lock 🔒 link 🔗 paperclip 📎 scissors ✂️ email 📧
envelope ✉️ incoming_envelope 📨 inbox_tray 📥 outbox_tray 📤 newspaper 📰 tv 📺 radio 📻 popcorn 🍿
ice_cream 🍨 doughnut 🍩 cookie 🍪 apple 🍎 avocado 🥑 bread 🍞 croissant 🥐 cheese_wedge 🧀 mate_drink 🧉
potato 🥔 penguin 🐧 owl 🦉 turtle 🐢 bee 🐝 butterfly 🦋 whale 🐳 octopus 🐙 crab 🦀 fox_face 🦊 bear 🐻
panda_face 🐼 tiger 🐯 wheelchair ♿
"""
_PAIRS = _TABLE.split()
CHARACTERS = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))

SKIN_TONES = {f"skin-tone-{number}": chr(0x1F3F9 + number) for number in range(2, 7)}
_TAKES_A_TONE = frozenset("👋👍👎👏🙌🙏💪✍👉👌✌🏃🚶🏊🏄🏋🧘🧗🚴👶🎅🧑👨👩🏂")
_CODE = re.compile(r":([a-z0-9_+'-]+)(?:::(skin-tone-[2-6]))?:", re.IGNORECASE)
_VARIATION = "\ufe0f"


def character(code: str | None) -> str:
    """Return the character of `:palm_tree:` or `:wave::skin-tone-3:`; nothing for one that only their Slack knows."""
    match = _CODE.fullmatch((code or "").strip())
    if match is None:
        return ""
    plain = CHARACTERS.get(match[1].lower(), "")
    tone = SKIN_TONES.get((match[2] or "").lower(), "")
    if not plain or not tone or plain[0] not in _TAKES_A_TONE:
        return plain
    return plain[0] + tone + plain[1:].removeprefix(_VARIATION)


def spoken(code: str | None) -> str:
    """Return the name of an emoji as words, for one that cannot be drawn: `:party_parrot:` is "party parrot"."""
    match = _CODE.fullmatch((code or "").strip())
    return re.sub(r"[_-]+", " ", match[1]).strip() if match else ""


def drawn(text: str) -> str:
    """Put characters in the place of the short names inside a text; unknown ones stay as they were written."""
    return _CODE.sub(lambda match: character(match[0]) or match[0], text)
