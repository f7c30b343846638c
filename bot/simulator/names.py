"""Where invented names come from: one row for each region, with time zones, fictional telephone numbers and looks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """Raw material for people of one region.

    Lists are separated by `;`. A name written `Latin/native` can show its own script, put together as `native` says.
    `skin` and `hair` index the palettes in `colours.py`. In `phone`, `#` stands for a digit. `scarves`
    is the share of women drawn with one.
    """

    weight: int
    locale: str
    zones: str
    she: str
    he: str
    family: str
    skin: str
    hair: str
    phone: str = "+44 1632 960###"
    native: str = "{given} {family}"
    mononyms: str = ""
    scarves: float = 0.0


# Telephone numbers come from ranges that regulators keep free for films and books (Ofcom, NANPA 555-01xx, ACMA, ARCEP,
# Bundesnetzagentur, PTS); regions without such a range get a British one.
REGIONS = (
    Region(
        weight=11,
        locale="en-GB",
        zones="Europe/London;Europe/London;Europe/Dublin",
        she="Imogen;Beatrix;Niamh;Saoirse;Harriet;Cerys;Elspeth;Tamsin;Rosalind;Orla;Phoebe;Verity;Aoife;Morwenna",
        he="Callum;Rhys;Ewan;Tobias;Fergus;Barnaby;Lorcan;Alistair;Jago;Cillian;Rupert;Idris;Magnus;Dougal",
        family="O'Brannagh;Thistlewood;Pembury;MacAllery;Ashcombe;O'Dowell;Penhallow;Wrexley;Gilliestone;Farrowby;"
        "Llewellin;Hartnoll;D'Arcy;Swinbourne;McTavener;Copperfield",
        skin="0;0;1;1;2;5;6",
        hair="1;2;2;3;4;5;6",
        phone="+44 7700 900###",
    ),
    Region(
        weight=12,
        locale="en-US",
        zones="America/New_York;America/Chicago;America/Denver;America/Los_Angeles;America/Los_Angeles;America/Toronto",
        she="Madison;Delaney;Brooklyn;Jasmine;Savannah;Keisha;Autumn;Harper;Maya;Shanice;Willa;Josephine;Sierra;Naomi",
        he="Jamal;Wyatt;Desmond;Tyler;Marcus;Cody;Darius;Hudson;Malik;Preston;Elijah;Grady;Terrence;Beau",
        family="Whitlock;Hollowell;Brixton;Delacroix;Ravenscroft;Tillman;Okonski;Marlowe;Fairbanks;Castellane;"
        "Bridgewater;Longfellow;Yarborough;Stonebraker;Vandermeer;Gatewood",
        skin="0;1;2;3;5;6;7",
        hair="0;1;2;3;4;5",
        phone="+1 202 555 01##",
    ),
    Region(
        weight=7,
        locale="de-DE",
        zones="Europe/Berlin;Europe/Berlin;Europe/Vienna;Europe/Zurich",
        she="Annika;Frieda;Käthe;Leonie;Mareike;Svenja;Greta;Ulrike;Jördis;Romy",
        he="Jürgen;Matthäus;Lennart;Björn;Konstantin;Anselm;Torben;Götz;Emil;Hannes",
        family="Großkreuz;Weißenfels;Brückner;Morgenthau;Schönfeldt;Lindenau;Köhlbrand;Strauß;Vögele;Habermehl;"
        "Tannhäuser;Süßmilch",
        skin="0;0;1;1;2;4",
        hair="1;2;3;4;4;6",
        phone="+49 30 23125 ###",
    ),
    Region(
        weight=6,
        locale="fr-FR",
        zones="Europe/Paris;Europe/Paris;Europe/Brussels",
        she="Éloïse;Maëlle;Clémence;Anaïs;Océane;Solène;Aurélie;Inès;Garance;Fatoumata",
        he="Théo;Loïc;Rémi;Anatole;Gaël;Bastien;Mathéo;Étienne;Aurèle;Ousmane",
        family="Lefèvre-Roy;Beaulac;Vaugirard;D'Aubrey;Carpentras;Montreuil;Desrosières;Chastenay;L'Hermite;Roquefeuil;"
        "Diabaté;Clairvaux",
        skin="0;1;1;2;4;6",
        hair="1;2;2;3;4",
        phone="+33 6 39 98 ## ##",
    ),
    Region(
        weight=8,
        locale="es-ES",
        zones="Europe/Madrid;America/Mexico_City;America/Bogota;America/Argentina/Buenos_Aires;America/Santiago",
        she="Lucía;Ximena;Itziar;Paloma;Noelia;Rocío;Belén;Yolanda;Marisol;Araceli",
        he="Joaquín;Íñigo;Álvaro;Ramón;Thiago;Ezequiel;Andrés;Nicolás;Matías;Efraín",
        family="Ibáñez Ferrer;Núñez;Montalbán;Quiñones;Arrieta;Villaseñor;Echeverría;Salcedo Ríos;Peñalver;Zubiri;"
        "Castañeda;Olmedo",
        skin="1;2;2;3;4",
        hair="0;1;1;2;3",
    ),
    Region(
        weight=6,
        locale="pt-BR",
        zones="America/Sao_Paulo;America/Sao_Paulo;Europe/Lisbon",
        she="Thaís;Luíza;Conceição;Jussara;Beatriz;Iracema;Rafaela;Vitória;Mafalda",
        he="João;Caetano;Anderson;Otávio;Vinícius;Gonçalo;Raimundo;Davi;Ubirajara",
        family="Araújo Penteado;Guimarães;Figueirôa;Brandão;Assunção;Cerqueira;Valadão;Taveira;Magalhães Pinto;Falcão",
        skin="1;2;3;4;5;6",
        hair="0;0;1;2;3",
    ),
    Region(
        weight=7,
        locale="sv-SE",
        zones="Europe/Stockholm;Europe/Oslo;Europe/Copenhagen;Europe/Helsinki;Atlantic/Reykjavik",
        she="Åsa;Sølvi;Freyja;Ebba;Linnéa;Aino;Tuuli;Ragnhild;Þórdís;Maja",
        he="Søren;Bjørn;Øystein;Håkon;Eskil;Väinö;Åke;Sindre;Jökull;Rasmus",
        family="Ødegård;Lindqvist-Holm;Kjærsgaard;Nyström;Sørbø;Hämäläinen;Grønning;Ækström;Fjeldstad;Björksund;"
        "Ljungblad;Ásgeirsdal",
        skin="0;0;0;1;1;3",
        hair="2;3;4;4;4;5",
        phone="+46 8 465 004 ##",
    ),
    Region(
        weight=6,
        locale="pl-PL",
        zones="Europe/Warsaw;Europe/Warsaw;Europe/Prague;Europe/Budapest;Europe/Bucharest",
        she="Łucja;Małgorzata;Agnieszka;Zdeňka;Bożena;Eliška;Ilona;Wisława;Réka;Ruxandra",
        he="Sławomir;Łukasz;Grzegorz;Ondřej;Jiří;Zoltán;Bartłomiej;Miloš;Ștefan;Wojciech",
        family="Wiśniowiecka-Łoś;Dąbrówka;Żeleński;Chmielnik;Jabłoński;Dvořáček;Szabóky;Królik;Gałązka;Šebestík;"
        "Popescu-Vâlcea;Świerczek",
        skin="0;0;1;1;2",
        hair="1;2;3;4;4",
    ),
    Region(
        weight=3,
        locale="it-IT",
        zones="Europe/Rome",
        she="Giuditta;Ornella;Fiammetta;Noemi;Ludovica;Serena",
        he="Ettore;Niccolò;Gennaro;Saverio;Fulvio;Tancredi",
        family="D'Angeloni;Bellavista;Dell'Orto;Castelfranco;Pratolongo;Santacroce;Lo Cascio",
        skin="1;1;2;2;3",
        hair="0;1;1;2;3",
    ),
    Region(
        weight=3,
        locale="tr-TR",
        scarves=0.15,
        zones="Europe/Istanbul",
        she="Ayşe;Gülşen;Defne;Özlem;İpek;Çiğdem",
        he="Çağrı;Oğuz;Barış;Tuğrul;Ümit;Şahin",
        family="Yıldızhan;Öztürkmen;Karagöl;Akıncıoğlu;Demirsoy;Güneşli",
        skin="1;2;2;3",
        hair="0;1;1;2",
    ),
    Region(
        weight=10,
        locale="en-IN",
        zones="Asia/Kolkata;Asia/Kolkata;Asia/Kolkata;Asia/Singapore;Asia/Karachi",
        she="Ananya/अनन्या;Lakshmi/लक्ष्मी;Meenakshi/मीनाक्षी;Ishita/इशिता;Kavya/काव्या;Zoya/ज़ोया;Tanvi/तन्वी;Revathi/रेवती;Padma/पद्मा",
        he="Arjun/अर्जुन;Rohan/रोहन;Venkatesh/वेंकटेश;Imran/इमरान;Siddharth/सिद्धार्थ;Kiran/किरण;Gurpreet/गुरप्रीत;Nikhil/निखिल;Aditya/आदित्य",
        family="Chatterwal/चटरवाल;Iyengaran/अय्यंगारन;Deshmane/देशमाने;Ranganath/रंगनाथ;Kulkarve/कुलकर्वे;Sidhwani/सिधवानी;"
        "Banerwal/बनरवाल;Qureshwar/कुरेश्वर;Menonkar/मेननकर;Thirumalai/तिरुमलई",
        skin="3;4;4;5;5;6",
        hair="0;0;0;1",
        mononyms="Subramani;Muthulakshmi;Elango",
    ),
    Region(
        weight=6,
        locale="zh-CN",
        zones="Asia/Shanghai;Asia/Shanghai;Asia/Taipei;Asia/Hong_Kong;Asia/Singapore",
        she="Xiaomei/晓梅;Ruolan/若兰;Yating/雅婷;Jingyi/静怡;Shuwen/淑雯;Kexin/可欣",
        he="Haoran/浩然;Zihan/子涵;Weijun/伟军;Junjie/俊杰;Minghao/明浩;Yichen/奕辰",
        family="Ouyang/欧阳;Shen/沈;Qiu/邱;Tang/唐;Fang/方;Lu/陆;Xue/薛;Peng/彭;Situ/司徒",
        skin="0;1;1;2",
        hair="0;0;0;1",
        native="{family}{given}",
    ),
    Region(
        weight=4,
        locale="ja-JP",
        zones="Asia/Tokyo",
        she="Yui/結衣;Sakura/咲良;Haruka/遥;Akane/茜;Misaki/美咲;Chiyo/千代",
        he="Ren/蓮;Daichi/大地;Haruto/陽翔;Kenji/健司;Souta/颯太;Itsuki/樹",
        family="Hoshikawa/星川;Tsukishiro/月城;Aoyagi/青柳;Kurosaki/黒崎;Minamoto/源;Shirakawa/白川;Asahina/朝比奈",
        skin="0;1;1;2",
        hair="0;0;0;1",
        native="{family} {given}",
    ),
    Region(
        weight=3,
        locale="ko-KR",
        zones="Asia/Seoul",
        she="Seoyeon/서연;Haneul/하늘;Jiwoo/지우;Areum/아름;Bora/보라",
        he="Minjun/민준;Dohyun/도현;Taeyang/태양;Siwoo/시우;Geon/건",
        family="Namgung/남궁;Seo/서;Bae/배;Ahn/안;Hwangbo/황보;Noh/노",
        skin="0;1;1;2",
        hair="0;0;0;1",
        native="{family}{given}",
    ),
    Region(
        weight=3,
        locale="vi-VN",
        zones="Asia/Ho_Chi_Minh;Asia/Bangkok;Asia/Manila",
        she="Thảo My;Bích Ngọc;Ánh Dương;Siriporn;Maricel;Phương Linh",
        he="Quốc Đạt;Hữu Phước;Đình Khôi;Somchai;Jomari;Anh Tú",
        family="Đặng;Nguyễn;Huỳnh;Trương;Wattanakul;Dimaculangan;Phạm",
        skin="1;2;2;3;4",
        hair="0;0;0;1",
    ),
    Region(
        weight=5,
        locale="ar",
        scarves=0.5,
        zones="Africa/Cairo;Asia/Dubai;Asia/Beirut;Africa/Casablanca;Asia/Riyadh",
        she="Layla/ليلى;Noura/نورة;Salma/سلمى;Yasmin/ياسمين;Hanan/حنان;Rania/رانيا",
        he="Karim/كريم;Tariq/طارق;Yousef/يوسف;Samir/سمير;Ziad/زياد;Bilal/بلال",
        family="Al-Masriyya/المصرية;El-Khatibi/الخطيبي;Haddadin/حدادين;Al-Rashidi/الراشدي;Benkirane/بنكيران;Khourani/خوراني",
        skin="2;2;3;3;4",
        hair="0;0;1;1;2",
    ),
    Region(
        weight=2,
        locale="he-IL",
        zones="Asia/Jerusalem",
        she="Noa/נועה;Tamar/תמר;Shira/שירה;Yael/יעל",
        he="Eitan/איתן;Amit/עמית;Yonatan/יונתן;Oren/אורן",
        family="Ben-Shachar/בן־שחר;Harpaz/הרפז;Golani/גולני;Peleg/פלג;Avnieli/אבניאלי",
        skin="1;1;2;2;3;5",
        hair="0;1;1;2;3",
    ),
    Region(
        weight=5,
        locale="en-GB",
        zones="Africa/Lagos;Africa/Lagos;Africa/Accra;Africa/Nairobi;Africa/Addis_Ababa;Africa/Johannesburg",
        she="Adaeze;Folasade;Abena;Wanjiru;Makena;Tigist;Nomvula;Chiamaka;Ngozi;Thandeka",
        he="Chukwuemeka;Oluwaseun;Kwabena;Kamau;Otieno;Dawit;Sipho;Babatunde;Kofi;Tendai",
        family="Okonjika;Adéyẹmí;Boatengari;Mwangale;Odhiambe;Tesfagiorgis;Dlaminkulu;Eze-Obiora;Afolabrin;Nkosana",
        skin="5;6;6;7;7",
        hair="0;0;0;1",
    ),
    Region(
        weight=2,
        locale="id-ID",
        scarves=0.4,
        zones="Asia/Jakarta;Asia/Jakarta;Asia/Makassar;Asia/Kuala_Lumpur",
        she="Dewi;Ratna;Kartika;Melati;Siti Aminah",
        he="Bambang;Wahyu;Agung;Rizky;Hendra",
        family="Prasetyadi;Kusumaningrat;Wibisana;Hartawan;Situmorangan",
        skin="2;3;3;4",
        hair="0;0;0;1",
        mononyms="Suhartini;Wulandari;Sutrisno;Supriyadi",
    ),
    Region(
        weight=2,
        locale="uk-UA",
        zones="Europe/Kyiv;Europe/Kyiv;Asia/Tbilisi",
        she="Oksana/Оксана;Solomiya/Соломія;Zlata/Злата;Daryna/Дарина",
        he="Taras/Тарас;Ostap/Остап;Bohdan/Богдан;Yaroslav/Ярослав",
        family="Vyshnevets/Вишневець;Kovalenchuk/Коваленчук;Zoryanets/Зорянець;Dibrova/Діброва",
        skin="0;0;1;1;2",
        hair="1;2;3;4;4",
    ),
    Region(
        weight=2,
        locale="el-GR",
        zones="Europe/Athens",
        she="Danae/Δανάη;Eleni/Ελένη;Kalliope/Καλλιόπη",
        he="Stavros/Σταύρος;Leonidas/Λεωνίδας;Petros/Πέτρος",
        family="Papathalassos/Παπαθαλάσσης;Kalogeris/Καλογέρης;Asteriou/Αστερίου",
        skin="1;2;2;3",
        hair="0;1;1;2",
    ),
    Region(
        weight=3,
        locale="en-AU",
        zones="Australia/Sydney;Australia/Melbourne;Australia/Perth;Pacific/Auckland;Australia/Brisbane",
        she="Matilda;Aroha;Kirra;Anahera;Bronte;Georgie",
        he="Lachlan;Tāne;Jarrah;Wiremu;Angus;Declan",
        family="Wattlebrook;Te Whārangi;Coolabaro;Ngātara;Featherston-Gray;Kingsbarrow",
        skin="0;1;2;3;4;5",
        hair="1;2;3;4;5",
        phone="+61 3 7010 ####",
    ),
)

BOTS = (
    ("Deploy Owl", "deploy_owl"),
    ("Standup Fox", "standup_fox"),
    ("Lunch Train", "lunch_train"),
    ("Calendar Bridge", "calendar_bridge"),
    ("Ticket Heron", "ticket_heron"),
    ("Release Radar", "release_radar"),
    ("Coffee Roulette", "coffee_roulette"),
    ("On-call Lantern", "oncall_lantern"),
    ("Survey Snail", "survey_snail"),
)
